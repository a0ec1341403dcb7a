// skep invoke APP --http "GET /a%20b?c=d" --header cookie:id=7
// answers 203 {"path":"/a%20b","query":"d","id":"7","method":"GET"}
const Koa = require("koa");

const app = new Koa();
app.use(async (context, next) => {
    await next();
    context.set("x-length", String(context.length));
});
app.use((context) => {
    context.status = 203;
    context.body = { path: context.path, query: context.query.c, id: context.cookies.get("id"), method: context.method };
});
app.listen(3000);
