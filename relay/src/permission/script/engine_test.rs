//! What holds of a single engine beyond the tables.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::question::{Answer, Refusal};
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
    let decision = engine(text).decide(&question("chat Visitor:v"));
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
    let decision = engine(text).decide(&question("chat Visitor:v"));
    assert_eq!(words(&decision), format!("refused threw by default: {ENTRY}:4:13: Error: here"));
}

#[test]
fn names_and_ids_arrive_as_they_are() {
    let text = "export const realtime_check_permission = (c, s) => ({ read: c.resourceId === 'ä \\u{1f642}\"\\\\' \
                && s.id === '\\';x' && s.type === 'Admin' });";
    let decision = engine(text).decide(&question("chat/ä 🙂\"\\ Admin:';x"));
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
            let decided = words(&engine.decide(&question));
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

/// Parsing is never interrupted and must not run out of memory: the reserve for it is made for the largest file.
#[test]
fn the_largest_file_is_refused_for_its_memory_and_not_with_a_crash() {
    for dense in ["[[],{}];", "()=>a;", "{let a}", "f`x${1}`;", "class{};", "/a/;", "a?b:c;", "async()=>{};"]
    {
        let mut text =
            String::from("export const realtime_check_permission = () => ({});\nlet a, b, c, f = () => 0;\n");
        text.push_str(&dense.replace("class{}", "(class{})").repeat((1 << 20) / (dense.len() + 2) - 20));
        if let Err(error) = Site::with_hook(&text).load() {
            let is_known = error.contains("needs more than 8 MiB") || error.contains("too many");
            assert!(is_known, "{dense}: {error}");
        }
    }
}
