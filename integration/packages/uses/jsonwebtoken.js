// skep invoke APP --data null
// answers ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.78c5SSmEzfEcl72hrhCiqVJDW82jakGN8EW3Fp8DuLg",{"sub":"7","iat":1700000000,"exp":1700003600},["TokenExpiredError","jwt expired"],["JsonWebTokenError","invalid signature"]]
const jwt = require("jsonwebtoken");

exports.handler = async () => {
    const token = jwt.sign({ sub: "7", iat: 1700000000 }, "secret", { expiresIn: "1h" });
    const failed = (options, key = "secret") => {
        try {
            return jwt.verify(token, key, options);
        } catch (error) {
            return [error.name, error.message];
        }
    };
    return [token, failed({ clockTimestamp: 1700000001 }), failed({}), failed({}, "other")];
};
