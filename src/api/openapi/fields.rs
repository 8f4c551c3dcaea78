//! What a field of a request may hold, as [`FieldReader`](crate::http::body::FieldReader) reads
//! it. The structs that describe requests are made of these.

use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A text; `FieldReader::text`, `line` and `parse`.
pub(in crate::api) struct Text;
/// Words; `FieldReader::words`.
pub(in crate::api) struct Words;
/// Items; `FieldReader::items`.
pub(in crate::api) struct Items;
/// Items with commas between them; `FieldReader::comma_separated`.
pub(in crate::api) struct Commas;
/// A whole number; `FieldReader::integer`.
pub(in crate::api) struct Integer;
/// A switch; `FieldReader::switch`.
pub(in crate::api) struct Switch;
/// An uploaded file; `Body::take_file`.
pub(in crate::api) struct File;

const SCALARS: [Type; 3] = [Type::String, Type::Number, Type::Boolean];

/// Plain values and lists of them stand in for each other.
fn plain(what: &str) -> Schema {
    let item = SCALARS.into_iter().chain([Type::Null]);
    let items = ObjectBuilder::new().schema_type(item.collect::<SchemaType>());
    let kinds = [Type::Array].into_iter().chain(SCALARS);
    ArrayBuilder::new()
        .schema_type(kinds.collect::<SchemaType>())
        .items(items)
        .description(Some(what))
        .build()
        .into()
}

fn integer() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
        .pattern(Some("^([+-]?[0-9]{1,18})?$"))
        .minimum(Some(i64::MIN))
        .maximum(Some(i64::MAX))
        .description(Some("A whole number, also as a text; an empty text says nothing."))
        .build()
}

fn switch() -> Object {
    let what = "On or off. As a text `false`, `0`, `no`, `off` and the empty text are off, and \
                anything else is on.";
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Boolean, Type::String, Type::Number]))
        .description(Some(what))
        .build()
}

fn file() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .description(Some("A file, as a part of a multipart form."))
        .build()
}

macro_rules! described {
    ($($name:ident => $schema:expr),+ $(,)?) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    RefOr::T($schema.into())
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )+
    };
}

described! {
    Text => plain("A text. Of a list the items are put together with blanks."),
    Words => plain("Words: a list, or one text with blanks or line breaks between them."),
    Items => plain("Items: a list, in a form the field several times; a single text is one item."),
    Commas => plain("Items: a list, or one text with commas between them."),
    Integer => integer(),
    Switch => switch(),
    File => file(),
}

/// Schemas with their names, as utoipa collects them.
pub(in crate::api) type Schemas = Vec<(String, RefOr<Schema>)>;

/// The properties of several structs as one: what an operation reads in several steps.
pub(in crate::api) fn joined(parts: impl IntoIterator<Item = RefOr<Schema>>) -> RefOr<Schema> {
    let mut whole = Object::new();
    for part in parts {
        let RefOr::T(Schema::Object(part)) = part else { continue };
        whole.properties.extend(part.properties);
        whole.required.extend(part.required);
        whole.description = whole.description.or(part.description);
    }
    RefOr::T(Schema::Object(whole))
}

/// Defines a body that is read by several functions, out of what each of them reads.
macro_rules! bodies {
    ($($(#[doc = $doc:literal])* $name:ident = $($part:ty),+;)+) => {$(
        $(#[doc = $doc])*
        pub(super) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::api::openapi::joined([$(<$part as utoipa::PartialSchema>::schema()),+])
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }

            fn schemas(schemas: &mut $crate::api::openapi::Schemas) {
                $(<$part as utoipa::ToSchema>::schemas(schemas);)+
            }
        }
    )+};
}

pub(in crate::api) use bodies;
