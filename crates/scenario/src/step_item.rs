//! An item of `steps`: a step with an optional `id`.

use super::Step;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

/// A step and its optional name.
#[derive(Clone, Debug, Serialize)]
pub struct StepItem {
    /// The name of the step in sabotage and in reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(flatten)]
    pub step: Step,
}

/// The key of a step's name.
pub(crate) const ID: &str = "id";

impl Deref for StepItem {
    type Target = Step;

    fn deref(&self) -> &Step {
        &self.step
    }
}

/// This is written by hand because serde's `flatten` reads each value before its type is known. A port that is written
/// as a number would then not become a string.
impl<'de> Deserialize<'de> for StepItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Item;
        impl<'de> Visitor<'de> for Item {
            type Value = StepItem;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping with a step's keyword")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<StepItem, A::Error> {
                let (mut id, mut step) = (None, None);
                while let Some(key) = entries.next_key::<String>()? {
                    if key == ID {
                        id = entries.next_value()?;
                    } else if step.is_some() {
                        return Err(A::Error::custom("found two keywords, expected exactly one"));
                    } else {
                        step = Some(Step::deserialize(Keyword { key: &key, entries: &mut entries })?);
                    }
                }
                let step = step.ok_or_else(|| A::Error::custom("found no keyword, expected exactly one"))?;
                Ok(StepItem { id, step })
            }
        }
        deserializer.deserialize_map(Item)
    }
}

/// One entry of a mapping as a variant of an enum.
struct Keyword<'a, A> {
    key: &'a str,
    entries: &'a mut A,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Keyword<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Keyword<'_, A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), A::Error> {
        let key: StrDeserializer<'_, A::Error> = self.key.into_deserializer();
        Ok((seed.deserialize(key)?, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Keyword<'_, A> {
    type Error = A::Error;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(A::Error::custom(format!("`{}` needs a value", self.key)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        self.unit_variant().and_then(|()| Err(A::Error::custom("found a list, expected a mapping")))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, A::Error> {
        self.unit_variant()
            .and_then(|()| Err(A::Error::custom("found the step's keys beside its keyword, expected them below it")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_saphyr::Spanned;

    fn item(text: &str) -> StepItem {
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_step_may_have_a_name_before_or_after_its_keyword() {
        assert_eq!(item("apply: a.yaml").id, None);
        for text in ["{id: first, apply: a.yaml}", "{apply: a.yaml, id: first}"] {
            let item = item(text);
            assert_eq!((item.id.as_deref(), item.keyword()), (Some("first"), "apply"), "{text}");
        }
    }

    #[test]
    fn values_are_read_as_what_they_must_be() {
        let Step::Probe(probe) = item("{id: look, probe: {sni: x, port: 9092, expect: {kafka: true}}}").step else {
            panic!("a probe")
        };
        assert_eq!(probe.port.as_deref(), Some("9092"), "a number is accepted as a string");
        let Step::Wait(wait) = item("{wait: {kind: K, name: n, gone: true, within: 30s}}").step else {
            panic!("a wait")
        };
        assert_eq!(wait.within.to_string(), "30s");
    }

    #[test]
    fn two_keywords_or_none_are_refused() {
        for text in ["{apply: a.yaml, delete: {kind: K, name: n}}", "{id: alone}", "{aply: a.yaml}", "[]"] {
            assert!(serde_saphyr::from_str::<StepItem>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_keeps_the_lines_of_its_steps() {
        let items: Vec<Spanned<StepItem>> =
            serde_saphyr::from_str("- apply: a.yaml\n- id: second\n  apply: b.yaml\n").expect("two steps");
        assert_eq!(items.iter().map(|item| item.referenced.line()).collect::<Vec<_>>(), [1, 2]);
    }
}
