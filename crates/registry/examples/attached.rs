//! Lists what is attached to an image, verified by nobody: `attached IMAGE [HOST]`, where HOST speaks plain HTTP.

#![expect(clippy::print_stdout, reason = "an example")]

use countersign_image::{ImageSource as _, Needs};
use countersign_registry::{Client, Settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().ok_or("usage: attached IMAGE [HOST]")?;
    let client = Client::new(Settings {
        plain_http: arguments.collect(),
        ..Settings::default()
    })?;
    let resolved = client.resolve(&image.parse()?).await?;
    println!("{}", resolved.image);
    let needs = Needs {
        signatures: true,
        attestations: true,
        unsigned_sboms: true,
        config: false,
        ..Needs::default()
    };
    for attachment in client.collect(&resolved, &needs).await?.attachments {
        let bytes = attachment.bytes.map_or(0, |bytes| bytes.len());
        println!(
            "{:?} by {:?}, {bytes} bytes, in {}",
            attachment.form, attachment.origin, attachment.manifest
        );
    }
    Ok(())
}
