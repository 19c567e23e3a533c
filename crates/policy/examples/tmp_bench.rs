use countersign_policy::*;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for _ in 0..5 {
        let t = std::time::Instant::now();
        let s = PolicySet::load(&[SourceFile {
            path: "p".into(),
            text: text.clone(),
        }])
        .unwrap();
        println!("load {:?} {}", t.elapsed(), s.policies().len());
    }
}
