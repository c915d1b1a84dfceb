//! Integration tests: whole models, from a `.tflite` file to outputs.

mod const_parse;
mod damage;
mod import;
mod random_models;
mod real_models;
mod session;
mod support;
