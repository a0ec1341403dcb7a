// MIME types, as a Response's blob shows them (MIME Sniffing Standard, section 4.4 and 4.5).

const type = async (contentType) =>
    (await new Response("x", { headers: { "content-type": contentType } }).blob()).type;

const several = async (values) => {
    const headers = new Headers();
    for (const value of values) headers.append("content-type", value);
    return (await new Response(new Uint8Array(1), { headers }).blob()).type;
};

export const cases = [
    ["lower case", () => type("TEXT/HTML;CHARSET=UTF-8"), "text/html;charset=utf-8"],
    ["blanks around parts", () => type("  text/html ; charset=gbk  "), "text/html;charset=gbk"],
    ["a blank before the equals sign", () => type("text/html;charset =gbk"), "text/html"],
    ["a blank behind the equals sign", () => type("text/html;charset= gbk"), "text/html;charset=\" gbk\""],
    ["a quoted value", () => type("text/html;charset=\"gbk\""), "text/html;charset=gbk"],
    ["a quoted value with a semicolon", () => type("text/html;a=\"b;c\";d=e"), "text/html;a=\"b;c\";d=e"],
    ["a quoted value without its end", () => type("text/html;charset=\"gbk"), "text/html;charset=gbk"],
    ["a quoted value that is empty", () => type("text/html;charset=\"\""), "text/html;charset=\"\""],
    ["an escape in quotes", () => type("text/html;a=\"\\b\\\\\\\"\""), "text/html;a=\"b\\\\\\\"\""],
    ["an escape at the end", () => type("text/html;a=\"b\\"), "text/html;a=\"b\\\\\""],
    ["text behind a quoted value", () => type("text/html;a=\"b\"c;d=e"), "text/html;a=b;d=e"],
    ["the first of a parameter counts", () => type("text/html;a=1;a=2"), "text/html;a=1"],
    ["an empty value", () => type("text/html;a=;b=c"), "text/html;b=c"],
    ["a name that is no token", () => type("text/html;a b=c;d=e"), "text/html;d=e"],
    ["empty parameters", () => type("text/html;;;;a=b"), "text/html;a=b"],
    ["no slash", () => type("text"), ""],
    ["no subtype", () => type("text/"), ""],
    ["no type", () => type("/html"), ""],
    ["a blank in the type", () => type("te xt/html"), ""],
    ["the last header counts", () => several(["text/html", "image/gif"]), "image/gif"],
    ["the charset is kept for the same type", () => several(["text/html;charset=gbk", "text/html"]),
        "text/html;charset=gbk"],
    ["the charset is lost for another type", () => several(["text/html;charset=gbk", "x/x", "text/html"]), "text/html"],
    ["the wildcard does not count", () => several(["text/html", "*/*"]), "text/html"],
    ["a comma in quotes", () => type("text/html;a=\"b,c/d\""), "text/html;a=\"b,c/d\""],
    ["a comma splits", () => type("text/html, image/png"), "image/png"],
];
