// skep invoke APP --data '{"orders":[{"sku":"fig","n":2},{"sku":"<oak>","n":0}]}'
// answers "0:FIG x2\n1:&lt;OAK&gt; none\n<hr>"
const Handlebars = require("handlebars");

Handlebars.registerHelper("up", (text) => text.toUpperCase());
Handlebars.registerPartial("line", "{{@index}}:{{up sku}}{{#if n}} x{{n}}{{else}} none{{/if}}");
const page = Handlebars.compile("{{#each orders}}{{> line}}\n{{/each}}{{{raw}}}{{missing}}");

exports.handler = async ({ orders }) => page({ orders, raw: "<hr>" });
