//! Links only if nothing that the runtime offers can panic.
//!
//! In an optimised build the panic handler of `support` calls a symbol that nobody defines. A panic that the compiler cannot
//! rule out needs the handler, so the link fails with `undefined symbol: this_image_can_panic`. The program is not meant
//! to be run.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m_rt::entry;
use support as _; // the panic handler

#[entry]
fn main() -> ! {
    let mut arena = [0; 1024];
    loop {
        // The compiler must expect any bytes of any length here.
        let bytes = black_box::<&[u8]>(&[0; 64]);
        let _ = black_box(probe::exercise(bytes, black_box::<&mut [u8]>(&mut arena)));
    }
}
