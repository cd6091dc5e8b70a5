// Sends a request to the customer that the first label of its host names.
export default {
  async fetch(request, env) {
    const customer = new URL(request.url).hostname.split(".")[0];
    try {
      return await env.CUSTOMERS.get(customer).fetch(request);
    } catch (error) {
      if (error.message.startsWith("Worker not found")) {
        return new Response("Unknown customer.\n", { status: 404 });
      }
      console.error("customer failed", customer, error);
      return new Response("This customer is not available at the moment.\n", { status: 502 });
    }
  },
};
