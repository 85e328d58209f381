//! Compiles the `.proto` files with a pure Rust compiler: no protoc on the machine, no network, the same output each time.

use std::error::Error;

const ROOT: &str = "daybook/v1/envelope.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=daybook");
    let descriptors = protox::compile([ROOT], ["."])?;

    // The JSON mapping keeps the proto's own snake_case names; a key that it does not know is an error (the default).
    let mut json = pbjson_build::Builder::new();
    json.preserve_proto_field_names();
    for file in &descriptors.file {
        json.register_file_descriptor(file.clone());
    }
    json.build(&[".daybook.v1"])?;

    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
