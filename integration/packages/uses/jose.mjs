// skep invoke APP --data null
// answers {"token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3IiwiaWF0IjoxNzAwMDAwMDAwfQ.Fg6Xya2CTB9Nk6ACGLPGnjJo-CqTZh8NgOi9S2FEp-w","header":{"alg":"HS256","typ":"JWT"},"payload":{"sub":"7","iat":1700000000},"failed":"ERR_JWS_SIGNATURE_VERIFICATION_FAILED"}
import { SignJWT, decodeProtectedHeader, jwtVerify } from "jose";

const key = new TextEncoder().encode("a secret of at least thirty-two bytes");

export default async () => {
    const token = await new SignJWT({ sub: "7" }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuedAt(1700000000).sign(key);
    const { payload } = await jwtVerify(token, key);
    const failed = await jwtVerify(`${token.slice(0, -4)}AAAA`, key).catch((error) => error.code);
    return { token, header: decodeProtectedHeader(token), payload, failed };
};
