//! Which source of a setting counts.

use std::path::{Path, PathBuf};

use super::error::SettingsError;
use super::in_force::{DEVELOPMENT_KEY, Settings};
use super::options::Options;

impl Options {
    /// Fills what is missing from the settings file, and the rest with defaults, and checks it all.
    ///
    /// # Errors
    /// [`SettingsError`], in words for the operator.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        Settings::check(self.over_file()?.complete())
    }

    /// The settings in force as they could be written. What is missing has no value.
    ///
    /// # Errors
    /// When they cannot be in force, as [`resolve`](Self::resolve) says.
    pub fn in_force(self) -> Result<Self, SettingsError> {
        self.clone().resolve()?;
        Ok(self.over_file()?.over(Self::defaults()))
    }

    /// What the settings file says; nothing when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or is not right.
    pub fn of_file(&self) -> Result<Self, SettingsError> {
        Ok(self.config.as_deref().map(read_file).transpose()?.unwrap_or_default())
    }

    fn over_file(self) -> Result<Self, SettingsError> {
        let file = self.of_file()?;
        let mut given = self.over(file);
        // An empty list of keys is none.
        given.api_key = given.api_key.filter(|keys| !keys.is_empty());
        let derived = given.derived();
        Ok(given.over(derived))
    }

    /// The defaults that depend on other settings.
    fn derived(&self) -> Self {
        let listen = self.listen.or(Self::defaults().listen);
        let is_loopback = listen.is_some_and(|address| address.ip().is_loopback());
        Self {
            // A backend that was named counts more than a file that happens to be there.
            permissions: match self.permissions_url {
                Some(_) => None,
                None => self.site.as_deref().and_then(permissions_of),
            },
            api_key: is_loopback.then(|| vec![DEVELOPMENT_KEY.to_owned()]),
            ..Self::default()
        }
    }
}

/// Where a site folder has its permissions file, as in Velo.
pub const PERMISSIONS_OF_SITE: &str = "backend/realtime-permissions.js";

/// The permissions file of a site folder, where there is one.
pub fn permissions_of(site: &Path) -> Option<PathBuf> {
    let file = site.join(PERMISSIONS_OF_SITE);
    file.exists().then_some(file)
}

fn read_file(path: &Path) -> Result<Options, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| SettingsError::NotRight { path: path.to_owned(), source: Box::new(source) })
}
