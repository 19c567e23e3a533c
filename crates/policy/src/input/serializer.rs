//! What serializes, as the engine holds it.
//!
//! Makes no JSON in between, and nothing undefined: the engine's own conversion does so of values with certain keys, and a
//! rule that reads what is undefined denies nothing.

use std::collections::BTreeMap;

use regorus::Value;
use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    Serializer,
};

/// `value` as the engine holds it; `null` for what is no JSON, such as a number that is not finite.
pub(crate) fn rego(value: impl Serialize) -> Value {
    value.serialize(Engine).unwrap_or(Value::Null)
}

struct Engine;

/// Of an array.
#[derive(Default)]
struct Items(Vec<Value>);

/// Of an object; what comes later wins.
#[derive(Default)]
struct Members {
    members: BTreeMap<Value, Value>,
    key: Option<Value>,
}

type Error = serde_json::Error;
type Result<T = Value> = std::result::Result<T, Error>;
type No = Impossible<Value, Error>;

impl Serializer for Engine {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = No;

    fn serialize_bool(self, value: bool) -> Result {
        Ok(value.into())
    }

    fn serialize_i8(self, value: i8) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result {
        Ok(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result {
        Ok(value.into())
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result {
        Ok(if value.is_finite() {
            value.into()
        } else {
            Value::Null
        })
    }

    fn serialize_char(self, value: char) -> Result {
        Ok(value.to_string().into())
    }

    fn serialize_str(self, value: &str) -> Result {
        Ok(value.into())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result {
        Err(Error::custom("bytes are no JSON"))
    }

    fn serialize_none(self) -> Result {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        let member = (variant.into(), value.serialize(self)?);
        Ok(BTreeMap::from([member]).into())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items> {
        Ok(Items::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items> {
        Ok(Items::default())
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<No> {
        Err(Error::custom(name))
    }

    fn serialize_tuple_variant(self, name: &'static str, _: u32, _: &str, _: usize) -> Result<No> {
        Err(Error::custom(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members> {
        Ok(Members::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members> {
        Ok(Members::default())
    }

    fn serialize_struct_variant(self, name: &'static str, _: u32, _: &str, _: usize) -> Result<No> {
        Err(Error::custom(name))
    }
}

impl SerializeSeq for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.0.push(value.serialize(Engine)?);
        Ok(())
    }

    fn end(self) -> Result {
        Ok(self.0.into())
    }
}

impl SerializeTuple for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        match key.serialize(Engine)? {
            key @ Value::String(_) => self.key = Some(key),
            _ => return Err(Error::custom("a key is no string")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take();
        let key = key.ok_or_else(|| Error::custom("a value without a key"))?;
        self.members.insert(key, value.serialize(Engine)?);
        Ok(())
    }

    fn end(self) -> Result {
        Ok(self.members.into())
    }
}

impl SerializeStruct for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        self.members.insert(key.into(), value.serialize(Engine)?);
        Ok(())
    }

    fn end(self) -> Result {
        SerializeMap::end(self)
    }
}
