// skep invoke APP --data null
// answers [["1.2.0-beta.2","1.2.0-beta.10","1.2.0","1.10.0"],"1.9.0","1.3.0","3.4.0"]
const semver = require("semver");

exports.handler = async () => [
    semver.sort(["1.10.0", "1.2.0", "1.2.0-beta.2", "1.2.0-beta.10"]),
    semver.maxSatisfying(["1.2.3", "1.9.0", "2.0.0"], "^1.2 || >=3"),
    semver.inc("1.2.3-rc.1", "minor"),
    semver.coerce("release v3.4 of May").version,
];
