//! Real folders: links as pnpm makes them, workspaces, and what leads out.

#![allow(clippy::unwrap_used, reason = "test code: a broken assumption must stop the test")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use skep_project::{
    Disk, Files, Resolver, Settings, Table, Uploaded,
    files::{Look, real},
    table,
    trace::{Options, Traced, trace},
};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("skep-project-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn disk(&self) -> Arc<dyn Files> {
        Arc::new(Disk::new(&self.0).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A workspace with an app, a package of its own in TypeScript, and two packages as pnpm lays them.
fn workspace(name: &str) -> Folder {
    let it = Folder::new(name);
    it.file("package.json", r#"{"private":true,"workspaces":["packages/*"]}"#);
    it.file(
        "tsconfig.json",
        r#"{"compilerOptions":{"paths":{"@app/*":["./packages/app/src/*"]}}}"#,
    );
    it.file("packages/app/package.json", r#"{"name":"app","type":"module","main":"src/main.ts"}"#);
    it.file(
        "packages/app/src/main.ts",
        "import a from 'a';\nimport { lib } from '@me/lib';\nimport { util } from '@app/util.js';\n\
         import fs from 'node:fs';\n\
         export const handler = (event: { n: number }) => a(lib, util, fs.readFileSync(new URL('./t.txt', import.meta.url)));",
    );
    it.file("packages/app/src/util.ts", "export const util = 1 as number;");
    it.file("packages/app/src/t.txt", "text");
    it.file(
        "packages/lib/package.json",
        r#"{"name":"@me/lib","exports":{".":{"import":"./lib.ts"}}}"#,
    );
    it.file("packages/lib/lib.ts", "export enum lib { A }");
    let store = "node_modules/.pnpm";
    it.file(&format!("{store}/a@1.0.0/node_modules/a/package.json"), r#"{"main":"a.js"}"#);
    it.file(&format!("{store}/a@1.0.0/node_modules/a/a.js"), "module.exports = require('b')");
    it.file(&format!("{store}/b@2.0.0/node_modules/b/index.js"), "module.exports = () => 2");
    it.link(&format!("{store}/a@1.0.0/node_modules/b"), "../../b@2.0.0/node_modules/b");
    it.link("packages/app/node_modules/a", "../../../node_modules/.pnpm/a@1.0.0/node_modules/a");
    it.link("packages/app/node_modules/@me/lib", "../../../lib");
    it
}

fn traced(files: &Arc<dyn Files>, named: &str) -> Traced {
    let settings = Settings { builtins: ["fs".to_owned()].into(), ..Settings::default() };
    let options = Options { named: named.to_owned(), settings, ..Options::default() };
    trace(Arc::clone(files), &options).unwrap()
}

#[test]
fn a_workspace_with_links_is_traced_and_resolves_the_same_when_uploaded() {
    let folder = workspace("workspace");
    let disk = folder.disk();
    let traced = traced(&disk, "packages/app");
    assert_eq!(traced.problems, []);
    assert_eq!((traced.root.as_str(), traced.entry.as_str()), ("", "packages/app/src/main.ts"));
    let paths: Vec<&str> = traced.files.iter().map(|it| it.path.as_str()).collect();
    let expected = [
        "node_modules/.pnpm/a@1.0.0/node_modules/a/a.js",
        "node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
        "node_modules/.pnpm/b@2.0.0/node_modules/b/index.js",
        "packages/app/package.json",
        "packages/app/src/main.ts",
        "packages/app/src/t.txt",
        "packages/app/src/util.ts",
        "packages/lib/lib.ts",
        "packages/lib/package.json",
        "tsconfig.json",
    ];
    assert_eq!(paths, expected);
    assert_eq!(traced.links.len(), 3);

    let mut uploaded = Uploaded::new();
    for file in &traced.files {
        uploaded.file(&file.path, disk.read(&file.from).unwrap()).unwrap();
    }
    for link in &traced.links {
        uploaded.link(&link.path, &link.target).unwrap();
    }
    let uploaded = Arc::new(uploaded);
    let settings = Settings { builtins: ["fs".to_owned()].into(), ..Settings::default() };
    let resolver = Resolver::new(Arc::clone(&uploaded) as Arc<dyn Files>, settings);
    let (table, problems) = table::build(&uploaded, &resolver, &traced.entry, |_, _| ());
    assert_eq!(problems, []);
    assert_eq!(Table::decode(table.bytes().clone()), Ok(table));
}

#[test]
fn nothing_outside_of_the_root_is_answered() {
    let folder = workspace("outside");
    folder.link("packages/app/out", "/etc");
    folder.link("packages/app/up", "../../..");
    folder.link("packages/app/in", folder.0.join("packages/lib"));
    let disk = folder.disk();
    assert_eq!(real(&*disk, "packages/app/out/passwd"), None);
    assert_eq!(real(&*disk, "packages/app/up"), None);
    assert_eq!(real(&*disk, "packages/app/in").unwrap().path, "packages/lib");
    assert!(disk.read("packages/app/out/passwd").is_err());
    assert!(matches!(disk.look("packages/app/out"), Some(Look::Link(_))));
}
