//! The commands, in a folder of their own.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tinytorch_core::course::{Course, MODULES, Reference, cli};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("tinytorch-course-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("src")).expect("the folder for temporary files is writable");
        fs::write(path.join("src/lib.rs"), "").expect("the folder was just made");
        Self(path)
    }

    /// Exit status, standard output, standard error.
    fn run(&self, course: &Course, line: &str) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = line.split(' ').map(str::to_owned);
        let status = cli::run(args, course, &self.0, &mut out, &mut err);
        let text = |bytes| String::from_utf8(bytes).expect("reports are text");
        (status, text(out), text(err))
    }

    fn json(&self, course: &Course, line: &str) -> (u8, Value) {
        let (status, out, err) = self.run(course, line);
        (status, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{line}: {e}: {out}{err}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("nobody else uses the folder");
    }
}

#[test]
fn usage_errors_have_status_2() {
    let folder = Folder::new("usage");
    for line in ["", "dance", "check 99", "check --loudly", "start", "complete 01 02"] {
        let (status, out, err) = folder.run(&Course::new(), line);
        assert_eq!((status, out.as_str()), (2, ""), "{line}");
        assert!(err.contains("usage: course COMMAND"), "{err}");
    }
}

#[test]
fn start_writes_a_lesson_once() {
    let folder = Folder::new("start");
    let (status, out, _) = folder.run(&Course::new(), "start 02");
    assert_eq!(status, 0, "{out}");
    let file = folder.0.join("src/m02.rs");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("impl ActivationLesson for Mine {"), "{text}");
    assert!(
        text.contains("// fn softmax(&self, x: View<'_>, axis: usize) -> Result<Vec<f32>> {"),
        "{text}"
    );
    fs::write(&file, "work").unwrap();
    assert_eq!(folder.run(&Course::new(), "start 02").0, 1);
    assert_eq!(folder.run(&Course::new(), "start 02 --fresh").0, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "work");
    assert!(folder.0.join("src/m02_2.rs").is_file());
}

#[test]
fn check_complete_and_status_agree() {
    let folder = Folder::new("complete");
    let good = Course::reference(2);
    let (status, value) = folder.json(&good, "check 02 --json");
    assert_eq!((status, &value["passed"]), (0, &Value::Bool(true)));
    assert_eq!(value["modules"][0]["points"], value["modules"][0]["of"]);
    assert_eq!(folder.run(&Course::new(), "check 02").0, 1, "no lesson, no pass");
    assert_eq!(folder.run(&Course::new(), "complete 02").0, 1);
    assert!(!folder.0.join(".course/progress.json").exists());
    assert_eq!(folder.run(&good, "complete 02").0, 0);
    let (_, value) = folder.json(&good, "status --json");
    let rows = value["modules"].as_array().unwrap();
    assert_eq!(rows.len(), MODULES.len());
    assert_eq!((&rows[1]["state"], &rows[1]["completed"]), (&"passes".into(), &true.into()));
    assert_eq!((&rows[0]["state"], &rows[0]["completed"]), (&"reference".into(), &false.into()));
    fs::write(folder.0.join(".course/progress.json"), "{").unwrap();
    assert_eq!(folder.run(&good, "status").0, 1);
}

#[test]
fn list_and_doctor_speak_json() {
    let folder = Folder::new("list");
    let (status, value) = folder.json(&Course::new(), "list --json");
    assert_eq!(status, 0);
    assert_eq!(value["modules"][0]["slots"][4]["name"], "matmul");
    let (status, value) = folder.json(&Course::new(), "doctor --json");
    assert_eq!((status, &value["writable"]), (0, &Value::Bool(true)));
    assert_eq!(
        (&value["features"][0], value["rust"].as_str()),
        (&"course".into(), option_env!("CARGO_PKG_RUST_VERSION"))
    );
    fs::remove_file(folder.0.join("src/lib.rs")).unwrap();
    assert_eq!(folder.run(&Course::new(), "doctor").0, 1);
}

/// A milestone stands on the slots alone: with a lesson for each module nothing is borrowed, without one everything is.
#[cfg(feature = "safetensors")]
#[test]
fn milestones_say_whose_work_they_are() {
    let folder = Folder::new("milestone");
    let upper = |course: Course| course.m11(Reference).m12(Reference).m13(Reference);
    let all = Course::new().m01(Reference).m02(Reference).m03(Reference).m04(Reference);
    let all = all.m05(Reference).m06(Reference).m07(Reference).m08(Reference).m09(Reference);
    for id in ["01", "02", "03a", "03b"] {
        let (status, own) = folder.json(&all, &format!("milestone {id} --quick --json"));
        assert_eq!((status, own["schema"].as_str()), (0, Some("course-milestone/1")), "{own}");
        assert_eq!(own["borrowed"].to_string(), "[]", "{id}");
        assert_eq!(own["verdict"].as_str(), Some("yours"), "{id}");
        // Whole types, where a student may have written them.
        let types = own["work"].as_array().expect("a list").iter().filter(|w| w["core"] == false);
        let types: Vec<&str> = types.filter_map(|w| w["slot"].as_str()).collect();
        if id == "03b" {
            assert_eq!(types, ["m05.dataset", "m07.sgd"]);
        }
    }
    // The plain products of module 01 would make this one slow; the modules of transformers must carry it.
    let (status, own) = folder.json(&upper(Course::new()), "milestone 05 --quick --json");
    assert_eq!((status, own["verdict"].as_str()), (0, Some("assisted")), "{own}");
    let work = own["work"].as_array().expect("a list");
    let of_module = |id: &str| {
        let mine =
            work.iter().filter(move |w| w["slot"].as_str().is_some_and(|s| s.starts_with(id)));
        let sum = |key: &str| mine.clone().filter_map(|w| w[key].as_u64()).sum::<u64>();
        (mine.clone().count(), sum("student") > 0, sum("reference"))
    };
    // Lookup, its gradient and the layer; all seven slots of attention; norm, network and block.
    assert_eq!(of_module("m11"), (3, true, 0));
    assert_eq!(of_module("m12"), (7, true, 0));
    assert_eq!(of_module("m13"), (3, true, 0));
    let (status, own) = folder.json(&Course::new(), "milestone xor-crisis --quick --seed 3 --json");
    assert_eq!((status, own["verdict"].as_str()), (0, Some("assisted")));
    assert_eq!(own["report"]["seed"], 3);
    let (status, text, _) = folder.run(&Course::new(), "milestone 02 --quick");
    assert_eq!(status, 0);
    assert!(text.contains("assisted: borrowed from the reference are m01."), "{text}");
    for line in [
        "milestone",
        "milestone 99",
        "milestone 02 --seed",
        "milestone 02 --seed x",
        "milestone 01 02",
    ] {
        assert_eq!(folder.run(&Course::new(), line).0, 2, "{line}");
    }
}
