// skep invoke APP --data null
// answers [["<x>","2 & 3"],"<ul><li class=\"a y\" data-n=\"1\">&lt;x&gt;</li><li>2 &amp; 3</li></ul>","a y"]
import * as cheerio from "cheerio";

export default () => {
    const $ = cheerio.load("<ul><li class=a>1<li>2 &amp; 3</ul>");
    $("li.a").text("<x>").addClass("y").attr("data-n", "1");
    return [$("li").map((at, it) => $(it).text()).get(), $.html("ul"), $("li:nth-child(2)").prev().attr("class")];
};
