export default { fetch() { return new Response("light") } };
