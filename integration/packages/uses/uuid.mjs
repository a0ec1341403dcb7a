// skep invoke APP --data null
// answers {"named":"fdda765f-fc57-5604-a269-52a7df8164ec","versions":[[true,4],[true,7]],"differ":100}
import { v4, v5, v7, validate, version } from "uuid";

export default () => ({
    named: v5("hello.example.com", v5.DNS),
    versions: [v4(), v7()].map((id) => [validate(id), version(id)]),
    differ: new Set(Array.from({ length: 100 }, () => v4())).size,
});
