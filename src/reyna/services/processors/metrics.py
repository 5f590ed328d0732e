"""The Prometheus metrics of processors of the system: live workers, waiting runs, and runs by their outcome."""

from collections.abc import Iterable

from litestar import Litestar
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from reyna.services.composition import Checks, ServiceContext
from reyna.services.processors.service import Processors
from reyna.services.processors.worker_health import WorkerHealth
from reyna.services.rest_app import build_rest_app
from reyna.transport.http import Meter


class ProcessorMetrics(Collector):
    """Tells the health of processors as this copy of the service knows it, whenever it is asked."""

    def __init__(self, health: WorkerHealth) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        workers = GaugeMetricFamily("reyna_processor_live_workers", "Workers with a beat lately", labels=["processor"])
        waiting = GaugeMetricFamily("reyna_processor_waiting_runs", "Runs that wait for a worker", labels=["processor"])
        runs = CounterMetricFamily("reyna_processor_runs", "Runs that have ended", labels=["processor", "outcome"])
        for processor_id in self._health.list_processors():
            health = self._health.health_of(processor_id)
            workers.add_metric([processor_id], health.live_workers)
            waiting.add_metric([processor_id], health.queue_length)
        for (processor_id, outcome), count in sorted(self._health.outcomes.items()):
            runs.add_metric([processor_id, outcome], count)
        return workers, waiting, runs


def build_processors_app(context: ServiceContext, processors: Processors, checks: Checks) -> Litestar:
    """Returns the REST application of the processor service, whose metrics tell of processors, too."""
    meter = Meter()
    meter.registry.register(ProcessorMetrics(processors.worker_health))
    return build_rest_app(context, processors, checks, meter=meter)
