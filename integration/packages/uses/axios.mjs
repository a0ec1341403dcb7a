// skep invoke APP --data null
// answers {"data":{"url":"https://shop.example.org/api/orders?tag%5B%5D=a&tag%5B%5D=b&dry=true","key":"k","sent":"{\"sku\":\"fig\"}","seen":true},"failed":true}
import axios, { AxiosError } from "axios";

const client = axios.create({
    baseURL: "https://shop.example.org/api",
    headers: { common: { "x-key": "k" } },
    adapter: async (config) => ({
        status: 200, statusText: "OK", headers: {}, config,
        data: JSON.stringify({ url: axios.getUri(config), key: config.headers.get("x-key"), sent: config.data }),
    }),
});
client.interceptors.response.use((answer) => ({ ...answer, data: { ...answer.data, seen: true } }));

export default async () => {
    const { data } = await client.post("/orders", { sku: "fig" }, { params: { tag: ["a", "b"], dry: true } });
    const failure = await axios.get("https://shop.example.org/", { adapter: "fetch" }).catch((error) => error);
    return { data, failed: failure instanceof AxiosError };
};
