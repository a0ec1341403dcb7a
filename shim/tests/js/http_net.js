// The module "net": addresses and their lists.

const net = process.getBuiltinModule("net");

const failure = (run) => {
    try {
        run();
        return "nothing";
    } catch (error) {
        return error.code ?? error.name;
    }
};

export const cases = [
    ["isIP", () => [
        "127.0.0.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "01.2.3.4", "1.2.3", "1.2.3.4.", "", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2::3", ":::", "::ffff:1.2.3.4", "::1.2.3.4:5", "fe80::1%eth0", "fe80::1%", "12345::", "g::", " ::1",
        "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", undefined, 5, null,
    ].map((one) => net.isIP(one)), [4, 4, 4, 0, 0, 0, 0, 0, 6, 6, 6, 6, 0, 6, 6, 0, 0, 6, 0, 6, 0, 0, 0, 0, 6, 0, 0, 0, 0]],
    ["isIPv4 and isIPv6", () => [net.isIPv4("1.1.1.1"), net.isIPv4("::1"), net.isIPv6("::1"), net.isIPv6("1.1.1.1")], [true, false, true, false]],
    ["SocketAddress", () => {
        const one = new net.SocketAddress({ address: "0:0:0:0:0:0:0:1", family: "ipv6", port: 80, flowlabel: 3 });
        return [one.address, one.port, one.family, one.flowlabel, one.toJSON(), new net.SocketAddress().address,
            new net.SocketAddress({ family: "ipv6" }).address, failure(() => new net.SocketAddress({ address: "x" })),
            failure(() => new net.SocketAddress({ port: 70000 })), failure(() => new net.SocketAddress({ family: "x" }))];
    }, ["::1", 80, "ipv6", 3, { address: "::1", port: 80, family: "ipv6", flowlabel: 3 }, "127.0.0.1", "::", "ERR_INVALID_ADDRESS", "ERR_SOCKET_BAD_PORT",
        "ERR_INVALID_ARG_VALUE"]],
    ["BlockList", () => {
        const list = new net.BlockList();
        list.addAddress("123.123.123.123");
        list.addRange("10.0.0.1", "10.0.0.10");
        list.addSubnet("8592:757c:efae:4e45::", 64, "ipv6");
        list.addSubnet("192.168.1.77", 24);
        return [list.check("123.123.123.123"), list.check("10.0.0.3"), list.check("10.0.0.11"), list.check("222.111.111.222"),
            list.check("::ffff:7b7b:7b7b", "ipv6"), list.check("::ffff:123.123.123.123", "ipv6"),
                list.check("8592:757c:efae:4e45:fb5d:d62a:0d00:8e17", "ipv6"),
            list.check("192.168.1.255"), list.check("192.168.2.0"), list.rules.length, failure(() => list.addAddress("x")),
            failure(() => list.addRange("10.0.0.2", "10.0.0.1")), list.check("x")];
    }, [true, true, false, false, true, true, true, true, false, 4, "ERR_INVALID_ADDRESS", "ERR_INVALID_ARG_VALUE", false]],
    ["a name that needs no network is looked up", async () => {
        const dns = process.getBuiltinModule("dns");
        const looked = (...args) => new Promise((resolve) => dns.lookup(...args, (...found) => resolve(found)));
        return [await looked("localhost"), await looked("127.0.0.9"), await looked("::1", { all: true }), await looked("localhost", 6),
            await dns.promises.lookup("localhost"), await dns.promises.lookup("10.0.0.1", { all: true }),
            failure(() => dns.lookup("example.org", () => {})), failure(() => dns.lookup("localhost"))];
    }, [[null, "127.0.0.1", 4], [null, "127.0.0.9", 4], [null, [{ address: "::1", family: 6 }]], [null, "::1", 6],
        { address: "127.0.0.1", family: 4 }, [{ address: "10.0.0.1", family: 4 }], "ERR_ACCESS_DENIED", "ERR_INVALID_ARG_TYPE"]],
    ["a socket is a stream", () => {
        const { Duplex } = process.getBuiltinModule("stream");
        const socket = new net.Socket();
        return [socket instanceof Duplex, socket.setTimeout(5) === socket, socket.setNoDelay() === socket, socket.connecting, socket.pending,
            socket.address(), socket.readyState, net.Stream === net.Socket];
    }, [true, true, true, false, true, {}, "open", true]],
];
