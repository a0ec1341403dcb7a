// A worker in TypeScript: skep invoke worker --http "GET /hello?name=Ada"

interface Greeting {
    greeting: string;
    path: string;
}

export default {
    async fetch(request: Request, env: Record<string, string>): Promise<Response> {
        const { pathname, searchParams } = new URL(request.url);
        const name = searchParams.get("name") ?? env.NAME ?? "world";
        const greeting: Greeting = { greeting: `Hello, ${name}!`, path: pathname };
        return Response.json(greeting, { headers: { "x-served-by": "skep" } });
    },
};
