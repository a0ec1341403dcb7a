//! Words that mean something where a token could nest or end a statement.

/// What a word does to what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name.
    Plain,
    /// A keyword that is a value, such as `this`.
    Value,
    /// A word that a declaration goes on after, on the next line too: `type`, `static`.
    Part,
    /// An operator before its operand.
    Prefix,
    /// `class` or `function`.
    Function,
    /// `extends`, which also goes on after a line's end.
    Extends,
    /// A name or an operator before its operand.
    Either,
    /// A name or an operator between two operands: `of`, `as`.
    Between,
    /// A name, or goes on with the statement before it: `implements`.
    Name,
    /// An operator between two operands.
    Link,
    /// A statement with a header in parentheses.
    Header,
    /// `else`
    Else,
    /// `do`
    Do,
    /// `case` or `default`
    Case,
    /// Goes on with the statement before it.
    Goes,
    /// Starts a statement or an operand.
    Starts,
    /// Is a statement.
    Stops,
}

pub(super) fn kind(word: &[u8]) -> Word {
    match word {
        b"typeof" | b"void" | b"delete" | b"new" => Word::Prefix,
        b"class" | b"function" => Word::Function,
        b"extends" => Word::Extends,
        b"await" | b"yield" | b"keyof" | b"unique" | b"infer" | b"asserts" | b"readonly" => {
            Word::Either
        }
        b"of" | b"as" | b"satisfies" | b"is" => Word::Between,
        b"in" | b"instanceof" => Word::Link,
        b"if" | b"for" | b"while" | b"with" => Word::Header,
        b"else" => Word::Else,
        b"do" => Word::Do,
        b"case" | b"default" => Word::Case,
        b"catch" | b"finally" => Word::Goes,
        b"implements" => Word::Name,
        b"return" | b"throw" | b"var" | b"const" | b"try" | b"switch" | b"export" | b"import" => {
            Word::Starts
        }
        b"break" | b"continue" | b"debugger" => Word::Stops,
        b"abstract" | b"declare" | b"namespace" | b"module" | b"type" | b"interface" | b"enum"
        | b"let" | b"public" | b"private" | b"protected" | b"static" | b"override"
        | b"accessor" | b"async" | b"get" | b"set" | b"global" | b"using" => Word::Part,
        b"this" | b"super" | b"null" | b"true" | b"false" => Word::Value,
        _ => Word::Plain,
    }
}
