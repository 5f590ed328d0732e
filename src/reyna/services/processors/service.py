"""The processor service: the registered processors, the instances of users, and all runs."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.ports.bus import Bus
from reyna.ports.store import Store
from reyna.services.processors.costs.cap_cache import CapCache
from reyna.services.processors.costs.cost_counting import CostCounting
from reyna.services.processors.costs.costs import Costs
from reyna.services.processors.costs.reservations import Reservations
from reyna.services.processors.costs.run_prices import RunPrices
from reyna.services.processors.costs.spending import Spending
from reyna.services.processors.dispatch.admission import Admission
from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.dispatch.queues import DispatchQueues
from reyna.services.processors.dispatch.recovery import DispatchRecovery
from reyna.services.processors.instances.blob_router import BlobRouter
from reyna.services.processors.instances.instance_cache import InstanceCache
from reyna.services.processors.instances.instances import Instances
from reyna.services.processors.instances.loop_check import LoopCheck
from reyna.services.processors.instances.run_depth import RunDepths
from reyna.services.processors.instances.waiting_runs import WaitingRuns
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.models.models import Models
from reyna.services.processors.models.run_models import RunModels
from reyna.services.processors.neighbours import ProcessorBus, SchemaLookup, StateVerbs, TokenSigner
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.pipelines.batch_advance import BatchAdvance
from reyna.services.processors.pipelines.batch_recovery import BatchRecovery
from reyna.services.processors.pipelines.batch_settlement import BatchSettlement
from reyna.services.processors.pipelines.batches import Batches
from reyna.services.processors.pipelines.pipeline_check import PipelineCheck
from reyna.services.processors.pipelines.pipeline_requests import PipelineRequests
from reyna.services.processors.pipelines.pipelines import Pipelines
from reyna.services.processors.pipelines.run_requests import RunRequests
from reyna.services.processors.prompts.asked_models import AskedModels
from reyna.services.processors.prompts.estimated_inputs import EstimatedInputs
from reyna.services.processors.prompts.estimates import Estimates
from reyna.services.processors.prompts.planned_prompts import PlannedPrompts
from reyna.services.processors.prompts.prompt_retention import PROMPT_RETENTION, prompt_retention
from reyna.services.processors.prompts.purged_content import PurgedContent
from reyna.services.processors.prompts.rehearsals import Rehearsals
from reyna.services.processors.prompts.run_history import RunHistory
from reyna.services.processors.prompts.run_prompts import Prompts
from reyna.services.processors.records import IDEMPOTENCY_RECORDS
from reyna.services.processors.registry.processor_lookup import ProcessorLookup
from reyna.services.processors.registry.processor_removal import ProcessorRemoval
from reyna.services.processors.registry.processor_versions import ProcessorVersions
from reyna.services.processors.registry.registration_check import RegistrationCheck
from reyna.services.processors.registry.registry import MAX_PRIVATE_PROCESSORS, Registry
from reyna.services.processors.registry.settings_validator import SettingsValidator
from reyna.services.processors.runs.dead_letter_stream import DeadLetterStream
from reyna.services.processors.runs.dead_letters import DeadLetters
from reyna.services.processors.runs.execution import RunExecution
from reyna.services.processors.runs.input_blobs import InputBlobs
from reyna.services.processors.runs.progress_cache import ProgressCache
from reyna.services.processors.runs.run_cancellation import RunCancellation
from reyna.services.processors.runs.run_retry import RunRetry
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.runs.runs import Runs
from reyna.services.processors.runs.supersession import Supersession
from reyna.services.processors.steps.run_steps import RunSteps
from reyna.services.processors.steps.step_retention import step_retention
from reyna.services.processors.user_sweep import UserSweep
from reyna.services.processors.work.lease_sweep import LeaseSweep
from reyna.services.processors.work.lease_watch import LeaseWatch
from reyna.services.processors.work.leases import Leases
from reyna.services.processors.work.work_signals import WorkSignals
from reyna.services.processors.worker_health import WorkerHealth, utc_now
from reyna.storage.idempotency import IdempotencyKeys
from reyna.storage.quota_limits import QuotaLimits
from reyna.validation.sandbox.sandbox import ValidationSandbox


class Processors:
    """The processor service. Each annotated attribute is one group of verbs; the others react to events.

    Every verb sees only the records of its caller's user, and raises NotFound for all others. A processor that acts for
    a user may read; it changes things only through its own run.
    """

    registry: Registry
    instances: Instances
    runs: Runs
    execution: RunExecution
    steps: RunSteps
    leases: Leases
    dead_letters: DeadLetters
    models: Models
    run_models: RunModels
    prompts: Prompts
    pipelines: Pipelines
    batches: Batches
    estimates: Estimates
    costs: Costs
    spending: Spending

    def __init__(
        self,
        store: Store,
        state: StateVerbs,
        schemas: SchemaLookup,
        signer: TokenSigner,
        bus: ProcessorBus,
        *,
        worker_health: WorkerHealth | None = None,
        clock: Callable[[], datetime] = utc_now,
        allowed: Mapping[str, int | None] = {},
        sandbox: ValidationSandbox | None = None,
        policy: DispatchPolicy = DispatchPolicy(),
        elapsed: Callable[[], float] = time.monotonic,
        models: ModelAccess = ModelAccess(),
    ) -> None:
        """`allowed`: how many `runs` each user may request on one day (UTC); `sandbox`: validates costly settings;
        `policy`: limits on the runs of a user at a time; `elapsed`: a monotonic clock in seconds."""
        limits = QuotaLimits(store, {"processors": MAX_PRIVATE_PROCESSORS} | dict(allowed))
        unlimited, store, self.state = store, limits.wrap(store), state
        lookup, keys = ProcessorLookup(store), IdempotencyKeys(store, IDEMPOTENCY_RECORDS, clock)
        self.models = Models(store, models, clock, keys)
        settings = SettingsValidator(sandbox, self.models.check_choice)
        self.worker_health, self.progress = worker_health or WorkerHealth(clock), ProgressCache()
        cache = self.instance_cache = InstanceCache(store, lookup)
        self.dead_letter_stream, self.lease_watch = DeadLetterStream(bus), LeaseWatch(clock)
        self.queues = DispatchQueues(policy, self.worker_health, elapsed)
        run_store = RunStore(store, signer, limits, self.progress, self.queues, self.lease_watch)
        self.admission = Admission(store, run_store, self.queues, partial(lookup.get, SYSTEM_USER_ID), bus)
        supersession, inputs = Supersession(store, run_store, clock), InputBlobs(state, schemas)
        outputs, loops = OutputStorage(run_store, lookup, state, clock), LoopCheck(store, lookup, state)
        canceller, depths = RunCancellation(store, run_store, outputs, clock), RunDepths(store)
        self.router = BlobRouter(run_store, depths, self.instance_cache, state, supersession, clock)
        self.waiting_runs = WaitingRuns(store, canceller)
        registry = self.registry = self._registry_on(store, lookup, canceller, loops, schemas, bus, limits, keys, clock)
        settlement, letters = BatchSettlement(store, clock), self.dead_letter_stream
        run_retry = RunRetry(store, run_store, registry, state, inputs, letters, supersession, settlement, clock)
        requests = RunRequests(store, run_store, depths, supersession, clock)
        self.instances = Instances(store, cache, registry, state, settings, loops, self.waiting_runs, clock, keys)
        self.runs = Runs(
            store, run_store, outputs, run_retry, self.progress, registry, inputs, settings, clock, keys, requests
        )
        self.batch_advance = BatchAdvance(store, run_store, lookup, state, supersession, settlement, clock)
        self._add_pipelines(store, PipelineCheck(lookup, settings), inputs, requests, canceller, keys, clock)
        counting = self._build_costs(unlimited, run_store, clock)
        self._build_work(store, run_store, outputs, state, bus, clock, policy.retry_delays, counting)
        self._build_prompts(store, run_store, lookup, state, inputs, settings, Rehearsals(bus, signer), clock)
        self.dead_letters = DeadLetters(store, run_retry, self.dead_letter_stream)
        self.run_models = RunModels(run_store, self.models, models.trusted)
        self._store, self._run_store, self._settlement, self._clock = store, run_store, settlement, clock

    def _add_pipelines(
        self,
        store: Store,
        check: PipelineCheck,
        inputs: InputBlobs,
        requests: RunRequests,
        cancellation: RunCancellation,
        keys: IdempotencyKeys,
        clock: Callable[[], datetime],
    ) -> None:
        self.pipelines = Pipelines(store, check, clock, keys)
        starts = self._pipeline_requests = PipelineRequests(store, check, inputs, requests, keys, clock)
        self.batches = Batches(store, starts, cancellation, clock, keys)

    def _build_work(
        self,
        store: Store,
        runs: RunStore,
        outputs: OutputStorage,
        state: StateVerbs,
        bus: ProcessorBus,
        clock: Callable[[], datetime],
        retry_delays: Sequence[float],
        counting: CostCounting,
    ) -> None:
        """Builds the parts by which workers take runs, hold them and end them."""
        signals = self.work_signals = WorkSignals()
        self.steps, self.step_retention = RunSteps(store, runs, clock), step_retention(store, clock)
        self.purged_content = PurgedContent(store, outputs, self.steps, clock)
        budget_of, has_cap = self.spending.budget_of, self.spending.has_cap
        self.lease_sweep = LeaseSweep(outputs, self.lease_watch, signals, clock, retry_delays)
        self.leases = Leases(store, runs, outputs, self.registry, state, bus, signals, clock, retry_delays, budget_of)
        self.execution = RunExecution(runs, outputs, self.worker_health, self.steps, clock, counting, has_cap, state)

    def _build_prompts(
        self,
        store: Store,
        runs: RunStore,
        lookup: ProcessorLookup,
        state: StateVerbs,
        inputs: InputBlobs,
        settings: SettingsValidator,
        rehearsals: Rehearsals,
        clock: Callable[[], datetime],
    ) -> None:
        """Builds the parts that show prompts, and what runs would use."""
        models = AskedModels(self.models)
        self.prompts = Prompts(store, runs, PlannedPrompts(lookup, state, models, rehearsals), clock)
        wanted = EstimatedInputs(self.registry, settings, inputs, self._pipeline_requests)
        self.estimates = Estimates(wanted, models, rehearsals, RunHistory(store))

    def _registry_on(
        self,
        store: Store,
        lookup: ProcessorLookup,
        cancellation: RunCancellation,
        loops: LoopCheck,
        schemas: SchemaLookup,
        bus: ProcessorBus,
        limits: QuotaLimits,
        keys: IdempotencyKeys,
        clock: Callable[[], datetime],
    ) -> Registry:
        cache, health, versions = self.instance_cache, self.worker_health, ProcessorVersions(store)
        self.removal = ProcessorRemoval(store, cancellation, versions, limits)
        check = RegistrationCheck(schemas)
        return Registry(store, lookup, self.removal, check, loops, bus, cache, health, versions, limits, clock, keys)

    def prompt_retention(self, kept_for: timedelta = PROMPT_RETENTION) -> UserSweep:
        """Returns what deletes old prompts, to be run beside the service."""
        return prompt_retention(self._store, self._clock, kept_for)

    def _build_costs(self, store: Store, runs: RunStore, clock: Callable[[], datetime]) -> CostCounting:
        reservations, prices = Reservations(store, clock), RunPrices(store, self.models.prices)
        self.cap_cache = CapCache(store)
        self.spending = Spending(store, runs, prices, reservations, self.cap_cache, clock)
        counting = CostCounting(store, runs, prices, reservations, clock)
        self.costs = Costs(store, counting)
        return counting

    def recovery(self, bus: Bus) -> DispatchRecovery:
        """Returns what keeps the queues true to the store, to be run beside the service."""
        return DispatchRecovery(self._store, self._run_store, self.queues, self.admission, self.lease_watch, bus)

    def batch_recovery(self) -> BatchRecovery:
        """Returns what brings batches on that no event does, to be run beside the service."""
        return BatchRecovery(self._store, self.batch_advance, self._settlement)
