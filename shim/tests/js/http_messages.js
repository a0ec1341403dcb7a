// The module "http": fields, heads and bodies of messages, written to a socket of the test's own.

const http = process.getBuiltinModule("http");
const { Writable } = process.getBuiltinModule("stream");

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.name;
    }
};

/** A response and a function that gives what was written to its socket. */
const answer = (request = { method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 }) => {
    const res = new http.ServerResponse(request);
    res.sendDate = false;
    let text = "";
    const socket = new Writable({
        write(chunk, encoding, callback) {
            text += chunk.toString("latin1");
            callback();
        },
    });
    res.assignSocket(socket);
    const written = () => new Promise((resolve) => setTimeout(() => resolve(text), 5));
    return { res, written };
};

const headOf = async ({ written }) => (await written()).split("\r\n\r\n")[0].split("\r\n");

export const cases = [
    ["fields are set, read and removed without case", () => {
        const { res } = answer();
        res.setHeader("X-One", 1);
        res.setHeader("Set-Cookie", ["a=1", "b=2"]);
        res.setHeader("x-two", "2");
        res.appendHeader("X-Two", "3").appendHeader("x-three", "4");
        res.removeHeader("X-THREE");
        return [res.getHeader("x-one"), res.getHeader("SET-COOKIE"), res.hasHeader("X-tWO"), res.getHeaderNames(), res.getRawHeaderNames(),
            { ...res.getHeaders() }, res.getHeader("none"), Object.getPrototypeOf(res.getHeaders())];
    }, [1, ["a=1", "b=2"], true, ["x-one", "set-cookie", "x-two"], ["X-One", "Set-Cookie", "x-two"],
        { "x-one": 1, "set-cookie": ["a=1", "b=2"], "x-two": ["2", "3"] }, null, null]],
    ["what is no field", () => {
        const { res } = answer();
        return [failure(() => res.setHeader("a b", "")), failure(() => res.setHeader("", "")), failure(() => res.setHeader("a", undefined)),
            failure(() => res.setHeader("a", "x\ny")), failure(() => res.setHeader("a", "\u0100")), failure(() => res.setHeader(5, "")),
            failure(() => res.setHeader("a", "tab\tü")), failure(() => res.getHeader(5)),
            failure(() => http.validateHeaderName("é")), failure(() => http.validateHeaderValue("x", "\0"))];
    }, ["ERR_INVALID_HTTP_TOKEN", "ERR_INVALID_HTTP_TOKEN", "ERR_HTTP_INVALID_HEADER_VALUE", "ERR_INVALID_CHAR", "ERR_INVALID_CHAR",
        "ERR_INVALID_HTTP_TOKEN", "nothing", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_HTTP_TOKEN", "ERR_INVALID_CHAR"]],
    ["writeHead with an object", async () => {
        const one = answer();
        one.res.setHeader("a", "1");
        one.res.writeHead(201, { A: "2", b: ["3", "4"] });
        one.res.end("ok");
        return headOf(one);
    }, ["HTTP/1.1 201 Created", "A: 2", "b: 3", "b: 4", "Connection: keep-alive", "Transfer-Encoding: chunked"]],
    ["writeHead with a message and a flat list", async () => {
        const one = answer();
        one.res.writeHead(299, "Fine", ["X", "1", "X", "2", "Content-Length", "0"]);
        one.res.end();
        return headOf(one);
    }, ["HTTP/1.1 299 Fine", "X: 1", "X: 2", "Content-Length: 0", "Connection: keep-alive"]],
    ["writeHead refuses", () => {
        const { res } = answer();
        const early = [failure(() => res.writeHead(99)), failure(() => res.writeHead(1000)), failure(() => res.writeHead(200, "a\nb")),
            failure(() => answer().res.writeHead(200, ["a"]))];
        res.statusMessage = "OK";
        res.writeHead(200);
        return [early, failure(() => res.writeHead(200)), failure(() => res.setHeader("a", "b")), failure(() => res.removeHeader("a")),
            res.headersSent, res.statusCode];
    }, [["ERR_HTTP_INVALID_STATUS_CODE", "ERR_HTTP_INVALID_STATUS_CODE", "ERR_INVALID_CHAR", "ERR_INVALID_ARG_VALUE"], "ERR_HTTP_HEADERS_SENT",
        "ERR_HTTP_HEADERS_SENT", "ERR_HTTP_HEADERS_SENT", true, 200]],
    ["a body known at the end has its length", async () => {
        const one = answer();
        one.res.end("häus");
        return one.written();
    }, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhÃ¤us"],
    ["a body in pieces is chunked", async () => {
        const one = answer();
        one.res.write("ab");
        one.res.write(Buffer.from("c"));
        one.res.write("ff", "hex");
        one.res.end();
        return (await one.written()).split("\r\n\r\n").slice(1).join("\r\n\r\n");
    }, "2\r\nab\r\n1\r\nc\r\n1\r\nÿ\r\n0\r\n\r\n"],
    ["no body where none may be", async () => {
        const head = answer({ method: "HEAD", httpVersionMajor: 1, httpVersionMinor: 1 });
        head.res.end("text");
        const none = answer();
        none.res.statusCode = 204;
        none.res.end("text");
        return [await head.written(), await none.written()];
    }, ["HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"]],
    ["the state of a response, and its events", async () => {
        const { res } = answer();
        const seen = [];
        for (const name of ["prefinish", "finish"]) res.on(name, () => seen.push(name));
        const before = [res.finished, res.writableEnded, res.headersSent, res.writable, res.writableFinished];
        await new Promise((resolve) => res.end("x", "utf8", () => {
            seen.push("callback");
            resolve();
        }));
        return [before, seen, res.finished, res.writableEnded, res.headersSent, res.writableFinished];
    }, [[false, false, false, true, false], ["prefinish", "finish", "callback"], true, true, true, true]],
    ["writing after the end", async () => {
        const { res } = answer();
        const errors = [];
        res.on("error", (error) => errors.push(error.code));
        res.end();
        await new Promise((resolve) => res.write("x", (error) => {
            errors.push(error.code);
            setTimeout(resolve, 1);
        }));
        const wrong = answer().res;
        return [errors.sort(), failure(() => wrong.write(5)), failure(() => wrong.write(null)), failure(() => wrong.end(5))];
    }, [["ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_WRITE_AFTER_END"], "ERR_INVALID_ARG_TYPE", "ERR_STREAM_NULL_VALUES", "ERR_INVALID_ARG_TYPE"]],
    ["messages can be made by functions of the old style", () => {
        function Own(req) {
            http.ServerResponse.call(this, req);
        }
        Object.setPrototypeOf(Own.prototype, http.ServerResponse.prototype);
        const own = new Own({ method: "GET" });
        own.setHeader("a", "b");
        class Request extends http.IncomingMessage {}
        const req = new Request({ encrypted: true });
        Object.assign(req, { headers: { a: "b" }, method: "PUT", url: "/x" });
        return [own instanceof http.OutgoingMessage, own.getHeader("A"), req.headers, req.socket.encrypted, req.connection === req.socket, req.method];
    }, [true, "b", { a: "b" }, true, true, "PUT"]],
    ["fields that came in are joined as the documentation says", () => {
        const req = new http.IncomingMessage(null);
        req.rawHeaders = ["Accept", "a", "accept", "b", "Host", "x", "HOST", "y", "Set-Cookie", "1", "set-cookie", "2", "Cookie", "c", "cookie", "d",
            "constructor", "e", "__proto__", "f"];
        if (Object.keys(req.headers).length === 0) return "not joined from rawHeaders";
        return [req.headers.accept, req.headers.host, req.headers["set-cookie"], req.headers.cookie, req.headers.constructor,
            Object.keys(req.headers).length, { ...req.headersDistinct }.host];
    }, ["a, b", "x", ["1", "2"], "c; d", "e", 6, ["x", "y"]]],
    ["codes and methods", () => [http.STATUS_CODES[418], http.STATUS_CODES[451], http.METHODS.includes("M-SEARCH"), http.METHODS.length, http.maxHeaderSize],
        ["I'm a Teapot", "Unavailable For Legal Reasons", true, 35, 16384]],
    ["a server without a socket", async () => {
        const server = http.createServer(() => {});
        const before = server.listening;
        await new Promise((resolve) => server.listen(0, resolve));
        const { port } = server.address();
        const second = failure(() => server.listen(0));
        const during = server.listening;
        await new Promise((resolve) => server.close(resolve));
        const closed = await new Promise((resolve) => server.close((error) => resolve(error.code)));
        return [before, during, port > 0, second, server.listening, closed, server instanceof http.Server];
    }, [false, true, true, "ERR_SERVER_ALREADY_LISTEN", false, "ERR_SERVER_NOT_RUNNING", true]],
    ["fields of a request that a library makes", () => {
        const message = new http.IncomingMessage();
        message._addHeaderLines(["Host", "a", "X-B", "1", "x-b", "2"], 6);
        const own = {};
        message._addHeaderLine("Set-Cookie", "a=1", own);
        message._addHeaderLine("set-cookie", "b=2", own);
        message._addHeaderLine("Host", "first", own);
        message._addHeaderLine("Host", "second", own);
        return [message.headers, message.rawHeaders.length, own];
    }, [{ host: "a", "x-b": "1, 2" }, 6, { "set-cookie": ["a=1", "b=2"], host: "first" }]],
    ["agents", () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });
        return [agent.keepAlive, agent.maxSockets, agent.defaultPort, agent.protocol, agent.getName({ host: "h", port: 1, localAddress: "l" }),
            http.globalAgent instanceof http.Agent];
    }, [true, 3, 80, "http:", "h:1:l", true]],
];
