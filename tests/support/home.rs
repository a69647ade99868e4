//! A temporary folder that is everything to one test: home, settings, state, working folder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder; it is removed with the last clone. Where a test failed it is kept if `OTEL_RUN_TEST_KEEP` is set.
#[derive(Clone)]
pub struct Home(Arc<Folder>);

struct Folder(PathBuf);

impl Home {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("otel-run-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        for folder in ["home", "config", "state", "data", "cache", "work"] {
            std::fs::create_dir_all(path.join(folder)).unwrap();
        }
        Self(Arc::new(Folder(path)))
    }

    pub fn path(&self) -> &Path {
        &self.0.0
    }

    /// The variables that make a program live in here.
    pub fn variables(&self) -> [(&'static str, PathBuf); 5] {
        [
            ("HOME", self.path().join("home")),
            ("XDG_CONFIG_HOME", self.path().join("config")),
            ("XDG_STATE_HOME", self.path().join("state")),
            ("XDG_DATA_HOME", self.path().join("data")),
            ("XDG_CACHE_HOME", self.path().join("cache")),
        ]
    }

    /// The working folder of the commands.
    pub fn work(&self) -> PathBuf {
        self.path().join("work")
    }

    /// Where otel-run keeps its runs.
    pub fn state(&self) -> PathBuf {
        self.path().join("state/otel-run")
    }

    /// Writes a file below `$XDG_CONFIG_HOME`.
    pub fn write_config(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path().join("config").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Every file of the state folder with its bytes, and once more without gzip where it is packed.
    pub fn state_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.state(), &mut files);
        files
    }

    /// Fails if `text` stands in the name or the bytes of any file of the state folder.
    #[track_caller]
    pub fn assert_nowhere(&self, text: &str) {
        for (file, bytes) in self.state_files() {
            let found = super::contains(&bytes, text) || file.to_string_lossy().contains(text);
            let printed = String::from_utf8_lossy(&bytes);
            assert!(!found, "{text:?} is in {}: {}", file.display(), super::around(&printed, text));
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let mut plain = Vec::new();
            if flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).is_ok() {
                files.push((path.clone(), plain));
            }
            files.push((path, bytes));
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("OTEL_RUN_TEST_KEEP").is_some() {
            eprintln!("the test's folder is kept: {}", self.0.display());
            return;
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
