// skep invoke APP --data null
// answers {"added":"2024-02-29 Thursday","week":53,"between":366}
const dayjs = require("dayjs");
dayjs.extend(require("dayjs/plugin/utc"));
dayjs.extend(require("dayjs/plugin/isoWeek"));

module.exports = async () => ({
    added: dayjs.utc("2024-01-31").add(1, "month").format("YYYY-MM-DD dddd"),
    week: dayjs.utc("2021-01-03T23:00:00Z").isoWeek(),
    between: dayjs.utc("2024-03-01").diff(dayjs.utc("2023-03-01"), "day"),
});
