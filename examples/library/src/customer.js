// What every customer runs.
export default {
  fetch(request, env) {
    return new Response(`Hello from ${env.CUSTOMER}, on the plan ${env.PLAN}.\n`);
  },
};
