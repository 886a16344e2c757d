//! Data that nobody reads any more.
//!
//! What a panic would have said (its text, its file) stays in the module's data when the code that read it has become
//! a trap: the linker has put all data into a few segments, and no tool that sees only these can tell where one constant
//! ends and the next begins. The linker can. Asked to (`--emit-relocs`), it leaves its table of symbols in the module, and
//! says which of them each piece of code and of data refers to
//! (<https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md>).

use std::collections::HashSet;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use walrus::ir::{Const, Instr, InstrLocId, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataId, DataKind, FunctionKind, Module};
use wasmparser::{
    DataKind as SegmentKind, KnownCustom, Linking, LinkingSectionReader, Operator, Parser, Payload,
    RelocSectionReader, RelocationType, SymbolInfo,
};

/// What the linker is asked for.
pub(crate) const LINKER_FLAG: &str = "-Clink-arg=--emit-relocs";

/// A constant, as the linker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Symbol {
    /// Its number among all symbols, those of functions included.
    index: u32,
    /// Where it is in memory.
    addresses: Range<u64>,
}

/// What the linker says about a module's data.
#[derive(Debug, Default)]
pub(crate) struct DataMap {
    symbols: Vec<Symbol>,
    /// Where data refers to data: the address that holds the reference, and the symbol that is meant.
    references: Vec<(u64, u32)>,
    /// Symbols that code refers to by an address outside of them, as it may for a table that does not begin with 0.
    reached_from_outside: HashSet<u32>,
}

impl DataMap {
    /// Reads what the linker has left in a module.
    ///
    /// # Errors
    /// When it has left nothing.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self> {
        let sections = Sections::read(wasm)?;
        let mut map = Self { symbols: sections.symbols()?, ..Self::default() };
        ensure!(!map.symbols.is_empty(), "the linker has left no table of symbols");
        for section in &sections.relocations {
            for entry in section.entries() {
                let entry = entry?;
                if !is_address(entry.ty) {
                    continue;
                }
                if section.section_index() == sections.data_section {
                    map.references.extend(sections.address_of(entry.offset).map(|at| (at, entry.index)));
                } else if !map.is_inside(entry.index, entry.addend) {
                    map.reached_from_outside.insert(entry.index);
                }
            }
        }
        Ok(map)
    }

    /// Writes zeros, which weigh nothing, over every constant that neither the module's code nor a constant in use refers
    /// to, and takes the linker's notes out of the module. Says how many bytes were cleared.
    ///
    /// # Errors
    /// When the module is not one whose data has fixed addresses.
    pub(crate) fn clear_unused(&self, module: &mut Module) -> Result<usize> {
        for notes in ["linking", "reloc.CODE", "reloc.DATA"] {
            module.customs.remove_raw(notes);
        }
        let used = self.used(&numbers_in_code(module));
        let is_used = |address: u64| used.iter().any(|symbol| symbol.addresses.contains(&address));
        let is_known = |address: u64| self.symbols.iter().any(|symbol| symbol.addresses.contains(&address));
        let mut cleared = 0;
        let segments: Vec<DataId> = module.data.iter().map(walrus::Data::id).collect();
        for segment in segments {
            let segment = module.data.get_mut(segment);
            let base = base_of(&segment.kind).context("a data segment has no fixed address")?;
            for (byte, address) in segment.value.iter_mut().zip(base..) {
                if *byte != 0 && is_known(address) && !is_used(address) {
                    *byte = 0;
                    cleared += 1;
                }
            }
        }
        Ok(cleared)
    }

    fn is_inside(&self, index: u32, addend: i64) -> bool {
        let symbol = self.symbols.iter().find(|symbol| symbol.index == index);
        symbol.is_some_and(|s| (0..(s.addresses.end - s.addresses.start) as i64).contains(&addend))
    }

    /// The constants that code refers to, and those that these refer to. A number that only looks like an address keeps
    /// its constant, which does no harm.
    fn used(&self, numbers: &HashSet<u64>) -> Vec<&Symbol> {
        let is_root = |symbol: &&Symbol| {
            self.reached_from_outside.contains(&symbol.index) || holds_any(symbol, numbers)
        };
        let mut used: Vec<&Symbol> = self.symbols.iter().filter(is_root).collect();
        let mut next = 0;
        while let Some(symbol) = used.get(next).copied() {
            next += 1;
            let inside = self.references.iter().filter(|(at, _)| symbol.addresses.contains(at));
            let meant: HashSet<u32> = inside.map(|(_, index)| *index).collect();
            let is_new = |other: &&Symbol| meant.contains(&other.index) && !used.contains(other);
            let new: Vec<&Symbol> = self.symbols.iter().filter(is_new).collect();
            used.extend(new);
        }
        used
    }
}

const fn is_address(kind: RelocationType) -> bool {
    use RelocationType::{MemoryAddrI32, MemoryAddrLeb, MemoryAddrSleb};
    matches!(kind, MemoryAddrI32 | MemoryAddrLeb | MemoryAddrSleb)
}

fn holds_any(symbol: &Symbol, numbers: &HashSet<u64>) -> bool {
    symbol.addresses.clone().any(|address| numbers.contains(&address))
}

/// Every number in the module's code that may be an address, or the beginning of one.
fn numbers_in_code(module: &Module) -> HashSet<u64> {
    let mut numbers = Numbers(HashSet::new());
    for function in module.funcs.iter() {
        if let FunctionKind::Local(local) = &function.kind {
            dfs_in_order(&mut numbers, local, local.entry_block());
        }
    }
    numbers.0
}

struct Numbers(HashSet<u64>);

impl<'instr> Visitor<'instr> for Numbers {
    fn visit_instr(&mut self, instruction: &'instr Instr, _: &'instr InstrLocId) {
        self.0.extend(match instruction {
            Instr::Const(Const { value: Value::I32(number) }) => Some(u64::from(*number as u32)),
            Instr::Load(load) => Some(load.arg.offset),
            Instr::Store(store) => Some(store.arg.offset),
            _ => None,
        });
    }
}

fn base_of(kind: &DataKind) -> Option<u64> {
    match kind {
        DataKind::Active { offset: ConstExpr::Value(Value::I32(base)), .. } => Some(u64::from(*base as u32)),
        _ => None,
    }
}

/// The sections of a module that this is about.
struct Sections<'a> {
    linking: Option<LinkingSectionReader<'a>>,
    relocations: Vec<RelocSectionReader<'a>>,
    data_section: u32,
    /// Where the data section begins in the file.
    data_start: usize,
    /// For each data segment: where its bytes are in the file, and where they go in memory.
    segments: Vec<(Range<usize>, u64)>,
}

impl<'a> Sections<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self> {
        let (mut linking, mut relocations, mut segments) = (None, Vec::new(), Vec::new());
        let (mut data_section, mut data_start) = (u32::MAX, 0);
        let mut sections = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            match &payload {
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(reader) => linking = Some(reader),
                    KnownCustom::Reloc(reader) => relocations.push(reader),
                    _ => {}
                },
                Payload::DataSection(reader) => {
                    (data_section, data_start) = (sections, reader.range().start);
                    for segment in reader.clone() {
                        let segment = segment?;
                        let length = segment.data.len();
                        let bytes = segment.range.end - length..segment.range.end;
                        segments.push((bytes, base_of_segment(&segment.kind)?));
                    }
                }
                _ => {}
            }
            sections += u32::from(payload.as_section().is_some());
        }
        Ok(Self { linking, relocations, data_section, data_start, segments })
    }

    fn symbols(&self) -> Result<Vec<Symbol>> {
        let mut symbols = Vec::new();
        for part in self.linking.iter().flat_map(LinkingSectionReader::subsections) {
            let Linking::SymbolTable(table) = part? else {
                continue;
            };
            for (index, symbol) in table.into_iter().enumerate() {
                let SymbolInfo::Data { symbol: Some(place), .. } = symbol? else {
                    continue;
                };
                let (_, base) = self.segments.get(place.index as usize).context("a symbol of no segment")?;
                let start = base + u64::from(place.offset);
                symbols.push(Symbol { index: index as u32, addresses: start..start + u64::from(place.size) });
            }
        }
        Ok(symbols)
    }

    /// The address of a byte of the data section.
    fn address_of(&self, offset: u32) -> Option<u64> {
        let place = self.data_start + offset as usize;
        let (bytes, base) = self.segments.iter().find(|(bytes, _)| bytes.contains(&place))?;
        Some(base + (place - bytes.start) as u64)
    }
}

fn base_of_segment(kind: &SegmentKind<'_>) -> Result<u64> {
    let SegmentKind::Active { offset_expr, .. } = kind else {
        anyhow::bail!("a data segment has no fixed address");
    };
    match offset_expr.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(u64::from(value as u32)),
        other => anyhow::bail!("a data segment's address is no constant but {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, ValType};

    use super::*;

    const BASE: u64 = 1_048_576;

    /// Four constants of four bytes each, one behind the other; the first holds a reference to the third.
    fn map() -> DataMap {
        let symbol = |index: u32| {
            let start = BASE + u64::from(index) * 4;
            Symbol { index, addresses: start..start + 4 }
        };
        DataMap {
            symbols: (0..4).map(symbol).collect(),
            references: vec![(BASE, 2)],
            reached_from_outside: HashSet::new(),
        }
    }

    /// A module with 20 bytes of data, the last four of which are no constant, and a function that knows a number.
    fn module(number: u64) -> Module {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 17, None, None);
        let offset = ConstExpr::Value(Value::I32(BASE as i32));
        module.data.add(DataKind::Active { memory, offset }, vec![1; 20]);
        let mut function = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
        function.func_body().i32_const(number as i32);
        let function = function.finish(Vec::new(), &mut module.funcs);
        module.exports.add("f", function);
        module
    }

    /// Which of the five groups of four bytes are left.
    fn left(map: &DataMap, number: u64) -> Vec<usize> {
        let mut module = module(number);
        map.clear_unused(&mut module).unwrap();
        let data = module.data.iter().next().unwrap();
        data.value.chunks(4).enumerate().filter(|(_, bytes)| **bytes == [1; 4]).map(|(at, _)| at).collect()
    }

    #[test]
    fn what_code_knows_by_its_address_is_left_and_what_it_refers_to_as_well() {
        assert_eq!(left(&map(), BASE), [0, 2, 4]);
        assert_eq!(left(&map(), BASE + 4), [1, 4]);
        assert_eq!(left(&map(), BASE + 7), [1, 4], "in the middle of it too");
    }

    #[test]
    fn what_is_no_constant_of_the_linkers_is_never_touched() {
        assert_eq!(left(&map(), 0), [4]);
    }

    #[test]
    fn a_table_that_code_reaches_from_outside_is_left() {
        let map = DataMap { reached_from_outside: HashSet::from([3]), ..map() };
        assert_eq!(left(&map, 0), [3, 4]);
    }

    #[test]
    fn a_module_without_the_linkers_notes_is_an_error() {
        assert!(DataMap::read(&module(0).emit_wasm()).is_err());
    }
}
