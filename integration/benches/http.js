// What the row spare_http_vs_echo deploys: a worker with as much code as a small one has.
const routes = [
    ["GET", /^\/health$/, () => new Response("ok")],
    ["POST", /^\/add$/, async (request) => Response.json((await request.json()) + 1)],
    ["POST", /^\/orders\/(\d+)$/, async (request, [, id]) => {
        const order = await request.json();
        if (typeof order.sku !== "string") return problem(400, "an order names its sku");
        return Response.json({ id, ...order }, { status: 201, headers: { location: `/orders/${id}` } });
    }],
];

const problem = (status, title) =>
    Response.json({ status, title }, { status, headers: { "content-type": "application/problem+json" } });

export default {
    async fetch(request, env) {
        const { pathname } = new URL(request.url);
        for (const [method, path, handle] of routes) {
            const found = path.exec(pathname);
            if (found && request.method === method) return await handle(request, found, env);
        }
        return problem(404, `nothing at ${pathname}`);
    },
};
