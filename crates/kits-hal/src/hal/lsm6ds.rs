//! Motion sensors of the LSM6DS family over I²C or SPI: LSM6DS3TR-C and LSM6DSOX.
//!
//! One sample is one burst: the status register says whether a fresh one is there, then all its
//! bytes are read in a row, so that they belong together. Registers and sensitivities are those of
//! the maker's data sheets of the two chips.

use embedded_hal::i2c::{I2c, SevenBitAddress};
use embedded_hal::spi::{Operation, SpiDevice};

use super::sample::SampleSource;

/// Standard gravity in m/s², exact by definition.
pub const STANDARD_GRAVITY: f32 = 9.806_65;

const WHO_AM_I: u8 = 0x0F;
const CTRL1_XL: u8 = 0x10;
const CTRL2_G: u8 = 0x11;
const CTRL3_C: u8 = 0x12;
const STATUS: u8 = 0x1E;
const OUT_G: u8 = 0x22;
const OUT_XL: u8 = 0x28;
/// A sample is not updated while it is read; the register number rises by itself.
const BLOCK_UPDATE_AND_INCREMENT: u8 = 0x44;
const ACCEL_READY: u8 = 1;
const GYRO_READY: u8 = 2;
/// Reading over SPI sets the top bit of the register number.
const SPI_READ: u8 = 0x80;

/// Which chip is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Chip {
    /// LSM6DS3TR-C, on the expansion board of the XIAO kit.
    Lsm6ds3trC,
    /// LSM6DSOX, on the Nicla Vision.
    Lsm6dsox,
}

impl Chip {
    /// Returns the content of its identity register.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Lsm6ds3trC => 0x6A,
            Self::Lsm6dsox => 0x6C,
        }
    }
}

/// Full scale of the accelerometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(missing_docs, reason = "the names say it")]
pub enum AccelRange {
    G2,
    G4,
    G8,
    G16,
}

impl AccelRange {
    const fn code(self) -> u8 {
        match self {
            Self::G2 => 0,
            Self::G16 => 1,
            Self::G4 => 2,
            Self::G8 => 3,
        }
    }

    /// Returns m/s² per step.
    #[must_use]
    pub const fn scale(self) -> f32 {
        let milli_g = match self {
            Self::G2 => 0.061,
            Self::G4 => 0.122,
            Self::G8 => 0.244,
            Self::G16 => 0.488,
        };
        milli_g * 1e-3 * STANDARD_GRAVITY
    }
}

/// Full scale of the gyroscope, in degrees per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(missing_docs, reason = "the names say it")]
pub enum GyroRange {
    Dps250,
    Dps500,
    Dps1000,
    Dps2000,
}

impl GyroRange {
    const fn code(self) -> u8 {
        match self {
            Self::Dps250 => 0,
            Self::Dps500 => 1,
            Self::Dps1000 => 2,
            Self::Dps2000 => 3,
        }
    }

    /// Returns degrees per second per step.
    #[must_use]
    pub const fn scale(self) -> f32 {
        match self {
            Self::Dps250 => 0.008_75,
            Self::Dps500 => 0.017_5,
            Self::Dps1000 => 0.035,
            Self::Dps2000 => 0.07,
        }
    }
}

/// Why a motion sensor gave no sample. It may be read, or set up again, after any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Lsm6dsError<E> {
    /// The bus failed; no part of the sample was kept.
    #[error("motion sensor: bus error at register {register:#04x}: {error:?}")]
    Bus {
        /// The register that was read or written.
        register: u8,
        /// The bus's error.
        error: E,
    },
    /// Another chip answered.
    #[error("motion sensor: expected a chip with identity {expected:#04x}, found {found:#04x}")]
    WrongDevice {
        /// Identity of the chip asked for.
        expected: u8,
        /// Identity read.
        found: u8,
    },
    /// [`init`](Lsm6ds::init) has not succeeded yet.
    #[error("motion sensor: read before it was set up: call init first")]
    NotInitialised,
}

/// Registers behind some bus.
trait Registers {
    type Error;

    fn read(&mut self, register: u8, out: &mut [u8]) -> Result<(), Self::Error>;

    fn write(&mut self, register: u8, value: u8) -> Result<(), Self::Error>;
}

#[derive(Debug)]
struct OverI2c<I2C> {
    bus: I2C,
    address: SevenBitAddress,
}

impl<I2C: I2c> Registers for OverI2c<I2C> {
    type Error = I2C::Error;

    fn read(&mut self, register: u8, out: &mut [u8]) -> Result<(), Self::Error> {
        self.bus.write_read(self.address, &[register], out)
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Self::Error> {
        self.bus.write(self.address, &[register, value])
    }
}

#[derive(Debug)]
struct OverSpi<SPI> {
    bus: SPI,
}

impl<SPI: SpiDevice> Registers for OverSpi<SPI> {
    type Error = SPI::Error;

    fn read(&mut self, register: u8, out: &mut [u8]) -> Result<(), Self::Error> {
        let register = [register | SPI_READ];
        self.bus.transaction(&mut [Operation::Write(&register), Operation::Read(out)])
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Self::Error> {
        self.bus.write(&[register, value])
    }
}

/// The driver, whatever the bus.
#[derive(Debug)]
struct Sensor<B> {
    registers: B,
    chip: Chip,
    accel: AccelRange,
    gyro: GyroRange,
    ready: bool,
}

impl<B: Registers> Sensor<B> {
    const fn new(registers: B, chip: Chip) -> Self {
        let (accel, gyro) = (AccelRange::G4, GyroRange::Dps500);
        Self { registers, chip, accel, gyro, ready: false }
    }

    fn init(&mut self, rate: u8) -> Result<(), Lsm6dsError<B::Error>> {
        self.ready = false;
        let [found] = self.get(WHO_AM_I)?;
        let expected = self.chip.id();
        if found != expected {
            return Err(Lsm6dsError::WrongDevice { expected, found });
        }
        self.put(CTRL3_C, BLOCK_UPDATE_AND_INCREMENT)?;
        self.put(CTRL1_XL, (rate << 4) | (self.accel.code() << 2))?;
        self.put(CTRL2_G, (rate << 4) | (self.gyro.code() << 2))?;
        self.ready = true;
        Ok(())
    }

    /// The bytes from `first` on, once all of `wanted` are ready.
    fn sample<const N: usize>(
        &mut self,
        wanted: u8,
        first: u8,
    ) -> Result<Option<[u8; N]>, Lsm6dsError<B::Error>> {
        if !self.ready {
            return Err(Lsm6dsError::NotInitialised);
        }
        let [status] = self.get(STATUS)?;
        if status & wanted == wanted { self.get(first).map(Some) } else { Ok(None) }
    }

    /// x, y, z of the accelerometer.
    fn accel(&mut self) -> Result<Option<[i16; 3]>, Lsm6dsError<B::Error>> {
        let bytes = self.sample(ACCEL_READY, OUT_XL)?;
        Ok(bytes.map(|[a, b, c, d, e, f]| [[a, b], [c, d], [e, f]].map(i16::from_le_bytes)))
    }

    /// x, y, z of the accelerometer, then of the gyroscope; the chip stores them the other way.
    fn both(&mut self) -> Result<Option<[i16; 6]>, Lsm6dsError<B::Error>> {
        let bytes = self.sample(ACCEL_READY | GYRO_READY, OUT_G)?;
        Ok(bytes.map(|[a, b, c, d, e, f, g, h, i, j, k, l]| {
            [[g, h], [i, j], [k, l], [a, b], [c, d], [e, f]].map(i16::from_le_bytes)
        }))
    }

    fn accel_units(&self, raw: [i16; 3]) -> [f32; 3] {
        raw.map(|v| f32::from(v) * self.accel.scale())
    }

    fn both_units(&self, [x, y, z, gx, gy, gz]: [i16; 6]) -> [f32; 6] {
        let [x, y, z] = self.accel_units([x, y, z]);
        let [gx, gy, gz] = [gx, gy, gz].map(|v| f32::from(v) * self.gyro.scale());
        [x, y, z, gx, gy, gz]
    }

    fn get<const N: usize>(&mut self, register: u8) -> Result<[u8; N], Lsm6dsError<B::Error>> {
        let mut out = [0; N];
        self.registers
            .read(register, &mut out)
            .map_err(|error| Lsm6dsError::Bus { register, error })?;
        Ok(out)
    }

    fn put(&mut self, register: u8, value: u8) -> Result<(), Lsm6dsError<B::Error>> {
        self.registers
            .write(register, value)
            .map_err(|error| Lsm6dsError::Bus { register, error })
    }
}

/// The code of an output rate, 0 for a rate the chips do not have.
const fn rate_code(hz_milli: u32) -> u8 {
    match hz_milli {
        12_500 => 1,
        26_000 => 2,
        52_000 => 3,
        104_000 => 4,
        208_000 => 5,
        _ => 0,
    }
}

/// Writes at most one sample: the chip keeps only the newest.
fn one<T, E>(out: &mut [T], sample: impl FnOnce() -> Result<Option<T>, E>) -> Result<usize, E> {
    let Some(slot) = out.first_mut() else { return Ok(0) };
    match sample()? {
        Some(sample) => {
            *slot = sample;
            Ok(1)
        }
        None => Ok(0),
    }
}

/// A motion sensor on an I²C bus.
///
/// As `SampleSource<f32, 3>` it gives acceleration in m/s², as `SampleSource<f32, 6>` also angular
/// rates in degrees per second; with `i16` both in the chip's steps. `HZ_MILLI` is its output
/// rate: 12 500, 26 000, 52 000, 104 000 or 208 000; any other does not compile.
///
/// ```no_run
/// # fn i2c() -> embedded_hal_mock::eh1::i2c::Mock { unreachable!() }
/// use kits_hal::hal::{AccelRange, Chip, Lsm6ds, SampleSource};
///
/// let mut imu = Lsm6ds::<_, 104_000>::new(i2c(), Chip::Lsm6ds3trC).with_accel(AccelRange::G2);
/// imu.init()?;
/// let mut sample = [[0.0_f32; 3]];
/// if imu.read(&mut sample)? == 1 {
///     let [[_x, _y, _z]] = sample;
/// }
/// # Ok::<(), kits_hal::hal::Lsm6dsError<embedded_hal::i2c::ErrorKind>>(())
/// ```
#[derive(Debug)]
pub struct Lsm6ds<I2C, const HZ_MILLI: u32 = 104_000> {
    sensor: Sensor<OverI2c<I2C>>,
}

impl<I2C: I2c, const HZ_MILLI: u32> Lsm6ds<I2C, HZ_MILLI> {
    /// Takes the bus; the chip is expected at address `0x6A` and is not touched before `init`.
    ///
    /// Ranges are ±4 g and ±500 degrees per second unless changed.
    pub const fn new(bus: I2C, chip: Chip) -> Self {
        Self { sensor: Sensor::new(OverI2c { bus, address: 0x6A }, chip) }
    }

    /// Sets the address, `0x6B` where the chip's address pin is high.
    #[must_use]
    pub const fn with_address(mut self, address: SevenBitAddress) -> Self {
        self.sensor.registers.address = address;
        self
    }

    /// Gives the bus back.
    pub fn release(self) -> I2C {
        self.sensor.registers.bus
    }
}

/// A motion sensor on an SPI bus; otherwise as [`Lsm6ds`].
#[derive(Debug)]
pub struct Lsm6dsSpi<SPI, const HZ_MILLI: u32 = 104_000> {
    sensor: Sensor<OverSpi<SPI>>,
}

impl<SPI: SpiDevice, const HZ_MILLI: u32> Lsm6dsSpi<SPI, HZ_MILLI> {
    /// Takes the bus, which drives the chip's select line; the chip is not touched before `init`.
    pub const fn new(bus: SPI, chip: Chip) -> Self {
        Self { sensor: Sensor::new(OverSpi { bus }, chip) }
    }

    /// Gives the bus back.
    pub fn release(self) -> SPI {
        self.sensor.registers.bus
    }
}

macro_rules! driver {
    ($name:ident, $bus:ident: $bound:ident) => {
        impl<$bus: $bound, const HZ_MILLI: u32> $name<$bus, HZ_MILLI> {
            const RATE: u8 = {
                assert!(
                    rate_code(HZ_MILLI) != 0,
                    "rates are 12_500, 26_000, 52_000, 104_000 and 208_000"
                );
                rate_code(HZ_MILLI)
            };

            /// Sets the full scale of the accelerometer; takes effect with `init`.
            #[must_use]
            pub const fn with_accel(mut self, range: AccelRange) -> Self {
                self.sensor.accel = range;
                self
            }

            /// Sets the full scale of the gyroscope; takes effect with `init`.
            #[must_use]
            pub const fn with_gyro(mut self, range: GyroRange) -> Self {
                self.sensor.gyro = range;
                self
            }

            /// Checks the chip's identity and sets rate, ranges and block update.
            ///
            /// It may be called again at any time, for example after a power failure.
            ///
            /// # Errors
            ///
            /// [`Lsm6dsError::WrongDevice`] with both identities, [`Lsm6dsError::Bus`].
            pub fn init(&mut self) -> Result<(), Lsm6dsError<$bus::Error>> {
                self.sensor.init(Self::RATE)
            }
        }

        driver!(@source $name, $bus: $bound, i16, 3, |s| s.accel());
        driver!(@source $name, $bus: $bound, i16, 6, |s| s.both());
        driver!(@source $name, $bus: $bound, f32, 3, |s| Ok(s.accel()?.map(|v| s.accel_units(v))));
        driver!(@source $name, $bus: $bound, f32, 6, |s| Ok(s.both()?.map(|v| s.both_units(v))));
    };
    (@source $name:ident, $bus:ident: $bound:ident, $t:ty, $axes:literal, |$s:ident| $sample:expr) => {
        impl<$bus: $bound, const HZ_MILLI: u32> SampleSource<$t, $axes> for $name<$bus, HZ_MILLI> {
            type Error = Lsm6dsError<$bus::Error>;

            const HZ_MILLI: u32 = HZ_MILLI;

            fn read(&mut self, out: &mut [[$t; $axes]]) -> Result<usize, Self::Error> {
                let $s = &mut self.sensor;
                one(out, || $sample)
            }
        }
    };
}

driver!(Lsm6ds, I2C: I2c);
driver!(Lsm6dsSpi, SPI: SpiDevice);
