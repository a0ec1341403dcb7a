// The module "url" (nodejs.org/api/url.html, Node 22).

import { URL } from "../url.js";
import { URLSearchParams } from "../url_search_params.js";
import { domainToASCII, domainToUnicode, fileURLToPath, pathToFileURL, urlToHttpOptions } from "./url/files.js";
import { Url, urlFormat, urlParse, urlResolve, urlResolveObject } from "./url/legacy.js";

export default {
    Url, parse: urlParse, resolve: urlResolve, resolveObject: urlResolveObject, format: urlFormat,
    URL, URLSearchParams, domainToASCII, domainToUnicode, pathToFileURL, fileURLToPath, urlToHttpOptions,
};
