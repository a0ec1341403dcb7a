//! Scripts that nest as deeply as they may, and far deeper, in a thread with little stack.
//!
//! A parser that ran out of stack would end the whole test run.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

use std::thread;

use skep_project::{
    script::{Ask, read},
    syntax::{Dialect, MAX_SCRIPT, measure},
};

/// The stack of an instance, in bytes.
const STACK: usize = 2 << 20;

/// What is before, what opens and what closes a level, and what is inside.
type Shape = (&'static str, &'static str, &'static str, &'static str);

const EXPRESSIONS: &[Shape] = &[
    ("x=", "(", ")", "1"),
    ("x=", "[", "]", "1"),
    ("x=", "{a:", "}", "1"),
    ("x=", "({a:", "})", "1"),
    ("x=", "`${", "}`", "1"),
    ("x=", "!", "", "1"),
    ("x=", "- ", "", "1"),
    ("x=", "typeof ", "", "1"),
    ("x=", "await ", "", "1"),
    ("x=", "new ", "", "a"),
    ("x=", "a=>", "", "1"),
    ("x=", "(a)=>", "", "1"),
    ("x=", "async()=>", "", "1"),
    ("x=", "(a=", ")=>1", "1"),
    ("x=", "(a,b=>(", "))", "1"),
    ("x=", "a?", ":1", "1"),
    ("x=", "a?1:", "", "1"),
    ("", "a=", "", "1"),
    ("x=", "a**", "", "1"),
    ("x=", "a+", "", "1"),
    ("x=", "a||", "", "1"),
    ("x=", "a.", "", "b"),
    ("x=", "a.b(c).", "", "d"),
    ("x=", "a?.[", "]", "b"),
    ("x=a", "()", "", ""),
    ("x=a", "[0]", "", ""),
    ("x=a", "``", "", ""),
    ("x=", "import(", ")", "1"),
    ("x=", "function(){return ", "}", "1"),
    ("x=", "class{m(){return ", "}}", "1"),
    ("x=", "class{[", "](){}}", "1"),
    ("x=", "class extends ", "{}", "a"),
    ("x=", "class{static x=", "}", "1"),
    ("let ", "[", "]=1", "a"),
    ("let ", "{a:", "}=1", "a"),
];

const STATEMENTS: &[Shape] = &[
    ("", "{", "}", ""),
    ("", "if(a);else ", "", ";"),
    ("", "if(a)\n", "", ";"),
    ("", "for(;;)", "", ";"),
    ("", "while(a)", "", ";"),
    ("", "do ", "while(1);", ";"),
    ("", "a:", "", ";"),
    ("", "with(a)", "", ";"),
    ("", "try{", "}finally{}", ""),
    ("", "switch(a){case 1:", "}", ""),
    ("", "function f(){", "}", ""),
    ("", "class A{static{", "}}", ""),
    ("x=", "(()=>{x\nreturn ", "})", "1"),
    ("x=", "(()=>{do x;while(", ")})", "1"),
    ("x=", "(()=>{if(a)if(b)return ", "})", "1"),
];

const TYPES: &[Shape] = &[
    ("type X=", "A<", ">", "a"),
    ("type X=", "(", ")", "a"),
    ("type X=", "[", "]", "a"),
    ("type X=", "{a:", "}", "a"),
    ("type X=", "{[k in A]:", "}", "a"),
    ("type X=", "keyof ", "", "a"),
    ("type X=", "()=>", "", "a"),
    ("type X=", "new()=>", "", "a"),
    ("type X=", "a extends b?c:", "", "a"),
    ("type X=", "a|", "", "a"),
    ("type X=", "a&", "", "a"),
    ("type X=a", "[]", "", ""),
    ("type X=a", ".b", "", ""),
    ("type X=", "`${", "}`", "a"),
    ("x=", "<a>", "", "1"),
    ("x=a", "!", "", ""),
    ("x=a", " as b", "", ""),
    ("x=", "f<a>(", ")", "1"),
    ("", "namespace a{", "}", ""),
    ("namespace a", ".b", "", "{export const c=1}"),
    ("import x=a", ".b", "", ""),
    ("x=", "(()=>{@d\nclass A{m(){return ", "}}})", "1"),
    ("", "@a ", "", "class A{}"),
    ("x=", "class extends {},@a ", "", "1"),
    ("x=", "class extends a,", "", "1"),
    ("", "(a,b):\n", "", "c"),
    ("enum E{A=", "1+", "", "1}"),
    ("const a=", "static\n", "", "1"),
];

const ELEMENTS: &[Shape] = &[
    ("x=", "<a>", "</a>", "b"),
    ("x=", "<a b={", "}/>", "1"),
    ("x=", "<a b=", "/>", "<c/>"),
    ("x=", "<>{", "}</>", "1"),
    ("x=", "<a>it's ( {", "}</a>", "1"),
    ("x=", "(<T extends A>(x=", ")=>1)", "1"),
];

/// What can be read in two ways, so that a wrong guess would hide what follows.
const DISGUISES: &[&str] = &[
    "as / ' / ",
    "x={} / ' / ",
    "let a: A<B> / ' / ",
    "a++ / ' / ",
    "keyof / ' / ",
    "/[/'\"]/; ",
    "a\u{2028}/'/; ",
    "//\u{2028} ",
    "<T extends a>(' ",
    "x = <a>' ",
    "`${a}'`; ",
    "#!'\n",
];

fn text((before, open, close, inside): Shape, levels: usize) -> String {
    let (open, close) = (open.repeat(levels), close.repeat(levels));
    format!("{before}{open}{inside}{close}")
}

/// Reads `text` with little stack; returns whether it was refused.
fn is_refused(path: &'static str, text: String) -> bool {
    let read = move || {
        let bytes = text.as_bytes();
        let ask = Ask { path, bytes, package_type: None, tsconfig: None, code: true, types: &[] };
        read(&ask).map_or(true, |it| it.unread.is_some())
    };
    thread::Builder::new().stack_size(STACK).spawn(read).unwrap().join().unwrap()
}

/// The most levels of a shape that are within the bounds.
fn most(path: &'static str, shape: Shape) -> usize {
    let fits =
        |levels: usize| measure(path, &text(shape, levels), Dialect::of(path).unwrap()).is_ok();
    let (mut low, mut high) = (0, 3000);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

#[track_caller]
fn holds(path: &'static str, shapes: &[Shape]) {
    for &shape in shapes {
        let levels = most(path, shape);
        assert!(5 < levels, "{shape:?}: only {levels} levels are allowed");
        is_refused(path, text(shape, levels));
        let many = MAX_SCRIPT / (shape.1.len() + shape.2.len()) - 10;
        // Statements in a row are no nesting.
        assert!(is_refused(path, text(shape, many)), "{shape:?} is not refused");
    }
}

#[test]
fn expressions_within_the_bounds_are_parsed_and_others_refused() {
    holds("a.js", EXPRESSIONS);
    holds("a.ts", EXPRESSIONS);
}

#[test]
fn statements_within_the_bounds_are_parsed_and_others_refused() {
    holds("a.js", STATEMENTS);
    holds("a.ts", STATEMENTS);
}

#[test]
fn types_within_the_bounds_are_parsed_and_others_refused() {
    holds("a.ts", TYPES);
}

#[test]
fn elements_within_the_bounds_are_parsed_and_others_refused() {
    holds("a.tsx", ELEMENTS);
}

#[test]
fn nothing_hides_what_nests() {
    for path in ["a.js", "a.ts", "a.tsx", "a.jsx"] {
        for disguise in DISGUISES {
            let deep = "(".repeat(100_000);
            for tail in ["", " '", "/", "`", " */", "</a>"] {
                // Refused or not: what counts is that the process goes on.
                is_refused(path, format!("{disguise}{deep}{tail}"));
            }
        }
    }
}

#[test]
fn long_numbers_are_refused() {
    assert!(is_refused("a.ts", format!("x={}n", "9".repeat(500_000))));
}
