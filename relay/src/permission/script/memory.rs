//! The memory limit of an engine.
//!
//! QuickJS has a limit of its own, which makes every allocation beyond it fail. That is not safe to rely on: parts of
//! it (its parser above all) do not survive a failed allocation of a few bytes and take the process with them. So the
//! limit works in two steps here. At the limit, **large** allocations fail, which the engine turns into an orderly
//! `out of memory` error, while **small** ones are still granted out of a reserve, and the engine's next check for
//! interruption ends the call. Only beyond the reserve everything fails.

#![expect(
    unsafe_code,
    reason = "an allocator for C code is unsafe by its nature; it delegates to rquickjs' own"
)]

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;

use rquickjs::allocator::{Allocator, RustAllocator};

/// Up to this size an allocation is small: QuickJS takes objects, strings and functions out of pages of this size,
/// and what it asks for beyond them is the contents of arrays, long strings and tables.
const SMALL_BYTES: usize = 4096;

/// Granted to small allocations beyond the limit: what a loop can take between two checks for interruption.
const RESERVE_BYTES: usize = 16 << 20;

/// Granted beyond the limit while files are parsed, which is never interrupted and does not survive a failed
/// allocation: the most source text that is read, at its densest, takes two thirds of this.
const PARSING_RESERVE_BYTES: usize = 256 << 20;

/// What an engine holds, and whether it went beyond its limit.
#[derive(Debug)]
pub struct Meter {
    limit_bytes: usize,
    held_bytes: Cell<usize>,
    is_parsing: Cell<bool>,
    is_exceeded: Cell<bool>,
}

impl Meter {
    /// A meter for an engine that is about to parse its files.
    pub fn new(limit_bytes: usize) -> Rc<Self> {
        Rc::new(Self {
            limit_bytes,
            held_bytes: Cell::new(0),
            is_parsing: Cell::new(true),
            is_exceeded: Cell::new(false),
        })
    }

    /// The files are parsed: from here on large allocations beyond the limit fail.
    pub fn end_parsing(&self) {
        self.is_parsing.set(false);
    }

    /// Did the engine ever ask for more than its limit?
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// What the engine holds now.
    #[cfg(test)]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes.get()
    }

    /// May `size` bytes be taken, when `freed` bytes are given back for them?
    fn grants(&self, size: usize, freed: usize) -> bool {
        let wanted = (self.held_bytes.get() - freed).saturating_add(size);
        if wanted <= self.limit_bytes {
            return true;
        }
        self.is_exceeded.set(true);
        let reserve = match (self.is_parsing.get(), size <= SMALL_BYTES) {
            (true, _) => PARSING_RESERVE_BYTES,
            (false, true) => RESERVE_BYTES,
            (false, false) => 0,
        };
        wanted <= self.limit_bytes.saturating_add(reserve)
    }

    fn took(&self, size: usize) {
        self.held_bytes.set(self.held_bytes.get() + size);
    }

    fn gave_back(&self, size: usize) {
        self.held_bytes.set(self.held_bytes.get() - size);
    }
}

/// The allocator of one engine, which keeps the meter.
pub struct MeteredAllocator(pub Rc<Meter>);

// SAFETY: every pointer comes from and goes back to `RustAllocator`, which keeps the contract; this type only says no
// (a null pointer) before it is asked, and counts.
unsafe impl Allocator for MeteredAllocator {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.grants(size, 0) {
            return ptr::null_mut();
        }
        self.counted(RustAllocator.alloc(size))
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let fits = count.checked_mul(size).is_some_and(|total| self.0.grants(total, 0));
        if !fits {
            return ptr::null_mut();
        }
        self.counted(RustAllocator.calloc(count, size))
    }

    unsafe fn dealloc(&mut self, ptr: *mut u8) {
        // SAFETY: the caller's promise is the one that `RustAllocator` asks for.
        unsafe {
            self.0.gave_back(RustAllocator::usable_size(ptr));
            RustAllocator.dealloc(ptr);
        }
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `RustAllocator` asks for.
        let (old_size, moved) = unsafe {
            let old_size = RustAllocator::usable_size(ptr);
            if !self.0.grants(new_size, old_size) {
                return ptr::null_mut();
            }
            (old_size, RustAllocator.realloc(ptr, new_size))
        };
        if !moved.is_null() {
            self.0.gave_back(old_size);
        }
        self.counted(moved)
    }

    unsafe fn usable_size(ptr: *mut u8) -> usize {
        // SAFETY: the caller's promise is the one that `RustAllocator` asks for.
        unsafe { RustAllocator::usable_size(ptr) }
    }
}

impl MeteredAllocator {
    fn counted(&self, ptr: *mut u8) -> *mut u8 {
        if !ptr.is_null() {
            // SAFETY: the pointer was just handed out by `RustAllocator`.
            self.0.took(unsafe { RustAllocator::usable_size(ptr) });
        }
        ptr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(limit_bytes: usize) -> Rc<Meter> {
        let meter = Meter::new(limit_bytes);
        meter.end_parsing();
        meter
    }

    #[test]
    fn what_is_taken_and_given_back_is_counted() {
        let meter = meter(1 << 20);
        let mut allocator = MeteredAllocator(Rc::clone(&meter));
        let first = allocator.alloc(100);
        let second = allocator.calloc(10, 50);
        assert!(meter.held_bytes() >= 600);
        // SAFETY: both pointers come from this allocator.
        unsafe {
            let first = allocator.realloc(first, 1000);
            allocator.dealloc(first);
            allocator.dealloc(second);
        }
        assert_eq!(meter.held_bytes(), 0);
        assert!(!meter.is_exceeded());
    }

    #[test]
    fn beyond_the_limit_large_allocations_fail_and_small_ones_do_not() {
        let meter = meter(10_000);
        let mut allocator = MeteredAllocator(Rc::clone(&meter));
        assert!(allocator.alloc(20_000).is_null());
        assert!(meter.is_exceeded());
        let full = allocator.alloc(10_000);
        let small = allocator.alloc(SMALL_BYTES);
        assert!(!full.is_null() && !small.is_null());
        // SAFETY: both pointers come from this allocator.
        unsafe {
            assert!(allocator.realloc(small, 20_000).is_null(), "growing to a large one fails");
            allocator.dealloc(small);
            allocator.dealloc(full);
        }
    }

    #[test]
    fn beyond_the_reserve_everything_fails() {
        let meter = meter(0);
        let mut allocator = MeteredAllocator(Rc::clone(&meter));
        let mut taken = Vec::new();
        loop {
            let ptr = allocator.alloc(SMALL_BYTES);
            if ptr.is_null() {
                break;
            }
            taken.push(ptr);
        }
        assert_eq!(taken.len(), RESERVE_BYTES / SMALL_BYTES);
        for ptr in taken {
            // SAFETY: the pointer comes from this allocator.
            unsafe { allocator.dealloc(ptr) };
        }
    }

    #[test]
    fn a_size_that_overflows_fails() {
        let mut allocator = MeteredAllocator(meter(1 << 20));
        assert!(allocator.alloc(usize::MAX).is_null());
        assert!(allocator.calloc(usize::MAX, 2).is_null());
    }
}
