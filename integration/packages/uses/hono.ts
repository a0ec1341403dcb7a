// skep invoke APP --http "POST /shops/7/orders?dry=1" --header content-type:application/json --data '{"sku":"fig"}'
// answers 201 {"shop":"7","dry":"1","sku":"fig"}
import { Hono } from "hono";
import { etag } from "hono/etag";

const app = new Hono().basePath("/shops");
app.use(etag());
app.post("/:shop/orders", async (c) => {
    const { sku } = await c.req.json<{ sku: string }>();
    return c.json({ shop: c.req.param("shop"), dry: c.req.query("dry"), sku }, 201);
});

export default app;
