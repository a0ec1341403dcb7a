// skep invoke APP --data null
// answers "<h1>T</h1>\n<ul>\n<li>a <strong>b</strong> <i></li>\n</ul>\n<table>\n<thead>\n<tr>\n<th>x</th>\n<th align=\"center\">y</th>\n</tr>\n</thead>\n<tbody><tr>\n<td>1</td>\n<td align=\"center\"><code>2</code></td>\n</tr>\n</tbody></table>\n<p><del>no</del> <a href=\"https://example.org\">https://example.org</a></p>\n"
import { Marked } from "marked";

const marked = new Marked({ gfm: true });

export default () => marked.parse("# T\n\n* a **b** <i>\n\n| x | y |\n|---|:-:|\n| 1 | `2` |\n\n~~no~~ https://example.org");
