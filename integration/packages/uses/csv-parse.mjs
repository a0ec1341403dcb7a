// skep invoke APP --data null
// answers [[{"name":"x, \"y\"","n":2}],[["1","2;3"]]]
import { parse as stream } from "csv-parse";
import { parse } from "csv-parse/sync";

export default async () => {
    const rows = [];
    for await (const row of stream("a;b\n1;\"2;3\"\n", { delimiter: ";", from: 2 })) rows.push(row);
    return [parse('name,n\n"x, ""y""",2\n', { columns: true, cast: (it, at) => (at.column === "n" && !at.header ? Number(it) : it) }), rows];
};
