//! What holds of a single engine beyond the tables.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::question::{Answer, Refusal};
use super::super::report::Report;
use super::cases::{ENTRY, LIMITS, Site, question, words};
use super::console::Console;
use super::engine::Engine;
use super::settings::EngineLimits;

fn engine(text: &str) -> Engine {
    Site::with_hook(text).load().unwrap().start(LIMITS, Console::to_log()).unwrap()
}

#[test]
fn the_globals_are_the_languages_own_and_a_console() {
    // A list and not a search for bad names: what a new version of the engine brings has to be looked at.
    let known = "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array \
                 Boolean DOMException DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array \
                 Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN \
                 Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String \
                 SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array \
                 Uint8ClampedArray WeakMap WeakRef WeakSet atob btoa console decodeURI decodeURIComponent encodeURI \
                 encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt performance \
                 queueMicrotask undefined unescape";
    let text = "export const realtime_check_permission = () => {
                    throw Object.getOwnPropertyNames(globalThis).sort().join(' ');
                };";
    let (decision, _) = engine(text).explain(&question("chat Visitor:v"));
    let Answer::Refused(Refusal::Threw(names)) = &decision.answer else {
        panic!("{decision:?}");
    };
    let names = names.strip_prefix("threw ").unwrap().strip_suffix(", which is not an Error").unwrap();
    let known: BTreeSet<_> = known.split_whitespace().collect();
    let unknown: Vec<_> = names.split(' ').filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = "\u{feff}import { permissionsRouter } from 'wix-realtime-backend';\r\n\
                export const realtime_check_permission = permissionsRouter.check;\r\n\
                permissionsRouter.default(() => {\r\n  throw new Error('here');\r\n});\r\n";
    let (decision, _) = engine(text).explain(&question("chat Visitor:v"));
    assert_eq!(words(&decision), format!("refused threw by default: {ENTRY}:4:13: Error: here"));
}

#[test]
fn names_and_ids_arrive_as_they_are() {
    let text = "export const realtime_check_permission = (c, s) => ({ read: c.resourceId === 'ä \\u{1f642}\"\\\\' \
                && s.id === '\\';x' && s.type === 'Admin' });";
    let (decision, _) = engine(text).explain(&question("chat/ä 🙂\"\\ Admin:';x"));
    assert_eq!(words(&decision), "allowed");
}

#[test]
fn many_calls_leave_no_memory_behind() {
    let text = "import { permissionsRouter } from 'wix-realtime-backend';
                permissionsRouter.default(async (channel, subscriber) => {
                  const cycle = { channel, subscriber };
                  cycle.cycle = cycle;
                  await new Promise((resolve) => resolve(cycle));
                  if (subscriber.id === 'thrower') throw new Error('x');
                  if (subscriber.id === 'sleeper') await new Promise(() => cycle);
                  return {};
                });
                export const realtime_check_permission = permissionsRouter.check;";
    let limits = EngineLimits { memory_bytes: 2 << 20, ..LIMITS };
    let mut engine = Site::with_hook(text).load().unwrap().start(limits, Console::to_log()).unwrap();
    for (asked, expected) in [
        ("chat Member:m", "allowed by default"),
        ("chat Member:thrower", "refused threw by default"),
        ("chat Member:sleeper", "refused never_settled by default"),
    ] {
        let question = question(asked);
        for _ in 0..10_000 {
            let decided = words(&engine.explain(&question).0);
            assert!(decided.starts_with(expected), "{decided}");
        }
    }
}

/// QuickJS does not survive every failed allocation, so where memory runs out must not matter. This lets it run out
/// at many points, in files that parse, throw, await, match and recurse.
#[test]
fn memory_may_run_out_anywhere() {
    let text = "import { permissionsRouter } from 'wix-realtime-backend';
                import { check } from './other.js';
                const kept = new Map();
                class Odd extends Error {
                  get message() { return `odd ${kept.size}`; }
                }
                permissionsRouter.default(async (channel, subscriber) => {
                  kept.set(channel.name + kept.size, [subscriber.id, { ...channel }, /a+(b)/.exec('aab'), new Odd().stack]);
                  try {
                    await Promise.reject(new Odd());
                  } catch (error) {
                    if (kept.size % 3 === 0) throw error;
                  }
                  return { read: await (async () => { await 1; return check(channel, new Function('x', 'return [x]')); })() };
                });
                export const realtime_check_permission = permissionsRouter.check;";
    let other = "export function check(c, f) { return JSON.parse(JSON.stringify({ c, l: f(c) })).c.name.length > 2; }";
    let script = Site::new(&[(ENTRY, text), ("backend/other.js", other)]).load().unwrap();
    let question = question("chat/room Member:m");
    let mut ran_out = 0;
    for step in 0..300 {
        let limits = EngineLimits { memory_bytes: (300 << 10) + step * 997, ..LIMITS };
        let Ok(mut engine) = script.start(limits, Rc::new(|_| ())) else {
            ran_out += 1;
            continue;
        };
        for _ in 0..2000 {
            if let Answer::Refused(Refusal::OutOfMemory) = engine.decide(&question).answer {
                ran_out += 1;
                break;
            }
        }
        assert!(engine.is_spent(), "with {limits:?} memory lasted");
    }
    assert_eq!(ran_out, 300);
}

/// Parsing is never interrupted and must not run out of memory: the reserve for it is made for the largest file. What
/// stands here takes the most memory for its length.
#[test]
fn the_largest_file_is_refused_for_a_limit_and_not_with_a_crash() {
    for dense in ["[[],{}];", "()=>a;", "f`x${1}`;", "/a/;", "a=>b=>c;"] {
        let mut text =
            String::from("export const realtime_check_permission = () => ({});\nlet a, c, f = () => 0;\n");
        text.push_str(&dense.repeat((1 << 20) / dense.len() - 20));
        if let Err(error) = Site::with_hook(&text).load() {
            assert!(error.contains("when it is loaded"), "{dense}: {error}");
        }
    }
}

/// The engine's own code checks, when it is taken apart, that a script's end left nothing behind, and ends the process
/// if something was. So scripts are ended here inside everything that the language can be inside of.
#[test]
fn an_engine_that_was_stopped_anywhere_can_be_taken_apart() {
    let bodies = [
        "for (const x of (function* () { try { for (;;) yield 1; } finally { for (;;); } })());",
        "return (async () => { for await (const x of (async function* () { for (;;) yield await 1; })()); })();",
        "const [a = (() => { for (;;); })(), ...b] = [undefined, 1];",
        "const { a = (() => { for (;;); })(), ...b } = {};",
        "class A { static x = 1; static { for (;;); } }",
        "class A { #x = (() => { for (;;); })(); } new A();",
        "class A { constructor() { for (;;); } } class B extends A { constructor() { super(); } } new B();",
        "[3, 2, 1].sort(() => { for (;;); });",
        "new Array(1e6).fill(0).map((x) => [x]);for (;;);",
        "JSON.parse('{\"a\":[1,2]}', () => { for (;;); });",
        "JSON.stringify({ toJSON() { for (;;); } });",
        "'aaa'.replace(/a/g, () => { for (;;); });",
        "`${{ toString() { for (;;); } }}`;",
        "String.raw`a${{ [Symbol.toPrimitive]() { for (;;); } }}`;",
        "new Proxy({}, { get() { for (;;); } }).x;",
        "Object.keys(new Proxy({}, { ownKeys() { for (;;); } }));",
        "Reflect.construct(new Proxy(class {}, { construct() { for (;;); } }), []);",
        "new Map([[1, 2]]).forEach(() => { for (;;); });",
        "new Set({ [Symbol.iterator]: () => ({ next() { for (;;); } }) });",
        "[...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) }];",
        "Array.from({ length: 5 }, () => { for (;;); });",
        "Promise.all({ [Symbol.iterator]: () => ({ next() { for (;;); } }) });",
        "return new Promise(() => { for (;;); });",
        "return Promise.resolve({ get then() { for (;;); } });",
        "return Promise.resolve().then(() => { for (;;); }).finally(() => 1);",
        "return (async () => { try { await null; for (;;); } finally { await null; } })();",
        "return (async () => { const held = [1, 2, { a: 1 }]; await Promise.all([1, 2].map(async (x) => { await x; for (;;); })); return held; })();",
        "try { throw new Error('x'); } catch (e) { for (;;); }",
        "label: for (const a in { b: 1 }) { for (;;) { if (a === 'c') break label; } }",
        "const f = (n) => { if (n > 50) for (;;); return f(n + 1) + n; }; f(0);",
        "const o = {}; o.o = o; const g = () => o; for (;;) { const t = [o, g, { ...o }]; }",
        "new WeakMap([[{}, 1]]); const r = new WeakRef({}); new FinalizationRegistry(() => {}).register({}, 1); for (;;);",
        "eval('for (;;);');",
        "new Function('for (;;);')();",
        "return (async () => { await import('./other.js'); for (;;); })();",
        "Error.prepareStackTrace = () => { for (;;); }; null.x;",
        "Object.defineProperty({}, 'x', { get value() { for (;;); } });",
        "const it = (function* () { yield 1; for (;;); })(); it.next(); it.next();",
        "Iterator.from([1, 2, 3]).map(() => { for (;;); }).toArray();",
        "new Uint8Array(1000).sort(() => { for (;;); });",
        "const b = new ArrayBuffer(1e5); structured: for (;;) new DataView(b);",
        "(function f() { try { f(); } catch { for (;;); } })();",
        "const s = Symbol('x'); for (;;) ({ [s]: 1n ** 20n });",
        "parseInt({ valueOf() { for (;;); }, toString: null });",
        "using: for (;;) { /(?<y>a)|b/dgu.exec('ab').groups; }",
    ];
    let limits = EngineLimits { time: Duration::from_millis(20), ..LIMITS };
    for body in bodies {
        let text = format!(
            "import './other.js';\nexport function realtime_check_permission() {{\n{body}\nreturn {{}};\n}}"
        );
        let script = Site::new(&[(ENTRY, &text), ("backend/other.js", "export {};")]).load().unwrap();
        let mut engine = script.start(limits, Rc::new(|_| ())).unwrap();
        let decided = words(&engine.decide(&question("chat Member:m")));
        let is_stopped =
            decided.starts_with("refused timed_out") || decided.starts_with("refused out_of_memory");
        assert!(is_stopped && engine.is_spent(), "{body}\n{decided}");
        drop(engine);
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_handlers_log_and_why_they_fail_reaches_the_relays_log_with_its_place() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let text = "export function realtime_check_permission(channel) {
                      console.warn('looking at\\n', channel.name);
                      return null;
                    }";
        let question = question("chat/r Member:m");
        let decision = engine(text).decide(&question);
        Report::default().answer(&question, &decision);
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let mut lines = log.lines();
    let line = lines.next().unwrap();
    assert!(
        line.contains(" WARN permissions: backend/realtime-permissions.js:2:52: looking at\\n chat"),
        "{line}"
    );
    let line = lines.next().unwrap();
    assert!(line.contains("must answer an object such as { read: true }, not null"), "{line}");
    assert!(line.contains("channel=chat/r") && line.contains("cause=\"bad_answer\""), "{line}");
    assert_eq!(lines.next(), None);
}
