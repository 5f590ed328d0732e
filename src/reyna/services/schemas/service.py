"""The schema service and its parts."""

from reyna.ports.store import Store
from reyna.services.schemas.dry_run.compatibility_checks import CompatibilityChecks
from reyna.services.schemas.dry_run.stored_content import ContentLookup, StoredContent
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.examination.examiner import SchemaExaminer
from reyna.services.schemas.registry.policies import Policies
from reyna.services.schemas.registry.registration_planner import RegistrationPlanner
from reyna.services.schemas.registry.schema_upgrades import SchemaUpgrades
from reyna.services.schemas.registry.versioning.version_planner import VersionPlanner
from reyna.services.schemas.registry.versions import Versions
from reyna.services.schemas.sandbox.sandbox import CompatibilitySandbox
from reyna.services.schemas.usage.usage_statistics import UsageStatistics
from reyna.services.schemas.validation import Validation
from reyna.validation.complexity.rate_limiter import RateLimiter
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.validator import ValidatorCache


class Schemas:
    """The schema service: versioned JSON Schemas of the system, for everyone, and of each user, for that user.

    A version never changes. Each attribute is one group of verbs. Other services get versions from here and validate
    in their own process with `reyna.validation`.
    """

    versions: Versions
    compatibility: CompatibilityChecks
    upgrades: SchemaUpgrades
    validation: Validation
    usage: UsageStatistics

    def __init__(
        self,
        store: Store,
        content: ContentLookup | None = None,
        *,
        compatibility_sandbox: CompatibilitySandbox | None = None,
        rate_limiter: RateLimiter | None = None,
        validation_sandbox: ValidationSandbox | None = None,
    ) -> None:
        """`content`: the state service, whose stored blobs a dry run checks."""
        compatibility_sandbox = compatibility_sandbox or CompatibilitySandbox()
        validation_sandbox = validation_sandbox or ValidationSandbox()
        validators = ValidatorCache()
        catalog = SchemaCatalog(store)
        policies = Policies(store, catalog)
        version_planner = VersionPlanner(catalog, compatibility_sandbox)
        planner = RegistrationPlanner(
            store,
            catalog,
            SchemaExaminer(catalog, compatibility_sandbox),
            version_planner,
            rate_limiter or RateLimiter(),
        )
        self.versions = Versions(store, catalog, planner, policies)
        self.compatibility = CompatibilityChecks(
            catalog, planner, version_planner, policies, validators, StoredContent(content, validation_sandbox)
        )
        self.upgrades = SchemaUpgrades(catalog, policies)
        self.validation = Validation(catalog, validators, validation_sandbox)
        self.usage = UsageStatistics(store, catalog)
