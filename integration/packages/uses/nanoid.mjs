// skep invoke APP --data null
// answers {"usual":true,"digits":true,"differ":500}
import { customAlphabet, nanoid } from "nanoid";

export default () => ({
    usual: /^[\w-]{21}$/.test(nanoid()),
    digits: /^[0-9]{40}$/.test(customAlphabet("0123456789", 40)()),
    differ: new Set(Array.from({ length: 500 }, () => nanoid(12))).size,
});
