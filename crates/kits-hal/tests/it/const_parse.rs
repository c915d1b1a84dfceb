//! A model that is checked while the program is compiled.

use kits_hal::{Check, Model, Session};

const KIT: &[u8] = include_bytes!("../golden/data/small.kit");
const SMALL: Model<'static> = match Model::parse_const(KIT) {
    Ok(model) => model,
    Err(error) => error.const_fail(),
};
static ARENA: [u8; SMALL.arena_len()] = [0; SMALL.arena_len()];

#[test]
fn the_constant_model_is_the_one_parsed_at_run_time() {
    let parsed = Model::parse(KIT, Check::Full).expect("a whole container");
    assert_eq!(parsed.memory(), SMALL.memory());
    assert_eq!(parsed.macs(), SMALL.macs());
    let mut arena = ARENA;
    Session::new(&SMALL, &mut arena).expect("enough").run().expect("runs");
}
