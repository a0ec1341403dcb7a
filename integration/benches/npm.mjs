// What the row npm_cold deploys: a router, a schema and a token, each once.
import express from "express";
import { SignJWT, jwtVerify } from "jose";
import { z } from "zod";

const app = express();
app.use(express.json());
app.get("/orders/:id", (request, response) => response.json({ id: request.params.id }));

const Order = z.object({ count: z.number().int().min(0), mail: z.email().optional(), tags: z.array(z.string()).default([]) });
const key = new TextEncoder().encode("a secret of at least thirty-two bytes");

export default async (event) => {
    const { count } = Order.parse({ count: event });
    const token = await new SignJWT({ count }).setProtectedHeader({ alg: "HS256" }).sign(key);
    const { payload } = await jwtVerify(token, key);
    if (typeof app.handle !== "function") throw new TypeError("express has no router");
    return payload.count + 1;
};
