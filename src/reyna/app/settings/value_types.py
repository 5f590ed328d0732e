"""The types of the values of settings; the title of each is shown to people."""

from typing import Annotated, Literal

from msgspec import Meta

# The title of a type is shown to people: in the reference, and in the error for a wrong value.
Port = Annotated[int, Meta(ge=1, le=65535, title="a number from 1 to 65535")]
Days = Annotated[int, Meta(ge=1, le=36500, title="a number from 1 to 36500")]
Hours = Annotated[int, Meta(ge=1, le=876_000, title="a number from 1 to 876000")]
Limit = Annotated[int, Meta(ge=0, le=10**15, title="a whole number up to 10^15")]  # stores count to 9 * 10^18
Count = Annotated[int, Meta(ge=1, le=10**6, title="a number from 1 to 10^6")]
Connections = Annotated[int, Meta(ge=1, le=65535, title="a number from 1 to 65535")]
Processes = Annotated[int, Meta(ge=1, le=64, title="a number from 1 to 64")]
Parallel = Annotated[int, Meta(ge=1, le=1000, title="a number from 1 to 1000")]
Seconds = Annotated[float, Meta(gt=0, le=86_400, title="a number of seconds up to 86400")]
Price = Annotated[float, Meta(ge=0, le=10**6, title="a number from 0 to 10^6")]
Answer = Annotated[bool, Meta(title="true or false")]
Secret = Annotated[str, Meta(min_length=32, title="a text of 32 characters or more")]
PostgresUrl = Annotated[str, Meta(pattern="^postgres(ql)?://.", title="a URL that starts with postgresql://")]
StateUrl = Annotated[
    str,
    Meta(pattern=r"^(postgres(ql)?|mongodb(\+srv)?)://.", title="a URL that starts with postgresql:// or mongodb://"),
]
NatsUrl = Annotated[str, Meta(pattern="^(nats|tls)://.", title="a URL that starts with nats:// or tls://")]
FilesUrl = Annotated[
    str,
    Meta(
        pattern=r"^(file|s3a?|gs|az|adl|azure|abfss?)://.",
        title="a URL that starts with file://, s3://, gs:// or az://",
    ),
]
WebUrl = Annotated[str, Meta(pattern="^https?://.", title="a URL that starts with http:// or https://")]
OnOrOff = Annotated[Literal["on", "off"], Meta(title="on or off")]
RegistrationMode = Annotated[Literal["open", "invite", "closed"], Meta(title="open, invite or closed")]
PasswordHash = Annotated[Literal["standard", "light"], Meta(title="standard or light")]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], Meta(title="debug, info, warning or error")]
LogFormat = Annotated[Literal["auto", "console", "json"], Meta(title="auto, console or json")]
