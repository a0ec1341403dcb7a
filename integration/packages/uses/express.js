// skep invoke APP --http "POST /shops/7?dry=1" --header content-type:application/json --data '{"sku":"fig"}'
// answers 201 {"shop":"7","dry":"1","body":{"sku":"fig"},"type":"json"}
const express = require("express");

const app = express();
app.use(express.json());
app.use((request, response, next) => {
    response.set("x-seen", request.method);
    next();
});
app.post("/shops/:shop", async (request, response) => {
    const { params, query, body } = request;
    response.status(201).json({ shop: params.shop, dry: query.dry, body, type: request.is("json") });
});
app.listen(3000);
