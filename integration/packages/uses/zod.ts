// skep invoke APP --data '{"url":"nope","age":17.5,"tags":["a",2]}'
// answers {"good":{"url":"https://example.org/a?b","age":18,"tags":2},"bad":[["url","invalid_format"],["age","invalid_type"],["tags.1","invalid_type"]]}
import { z } from "zod";

const Visitor = z.object({
    url: z.url(),
    age: z.number().int().min(18),
    tags: z.array(z.string()).transform((tags) => tags.length),
});
type Visitor = z.infer<typeof Visitor>;

export default (event: unknown): object => {
    const good: Visitor = Visitor.parse({ url: "https://example.org/a?b", age: 18, tags: ["x", "y"] });
    const bad = Visitor.safeParse(event);
    return { good, bad: bad.error?.issues.map((issue) => [issue.path.join("."), issue.code]) };
};
