//! Which topics come before which.
//!
//! Twelve topics are entries. Every other topic has at least one prerequisite; the edges make no cycle.

use crate::model::Topic;

/// Returns the topics that should be known before `topic`; none for the twelve entry topics.
#[must_use]
pub const fn prerequisites(topic: Topic) -> &'static [Topic] {
    use Topic as T;
    match topic {
        T::RooflineAnalysis
        | T::VramBudgeting
        | T::LatencyDecomposition
        | T::QuantizationFundamentals
        | T::PowerBudgeting
        | T::ModelSizeEstimation
        | T::DataParallelism
        | T::NetworkBandwidthBottlenecks
        | T::ModelServingInfrastructure
        | T::MonitoringObservability
        | T::DataPipelineEngineering
        | T::TcoCostModeling => &[],

        T::GpuComputeArchitecture
        | T::AcceleratorComparison
        | T::McuComputeConstraints
        | T::SystolicDataflow
        | T::ComputeCostEstimation
        | T::ChipletArchitecture
        | T::ProfilingBottleneckAnalysis
        | T::EnergyPerOperation
        | T::KernelFusion => &[T::RooflineAnalysis],

        T::KvCacheManagement
        | T::MemoryHierarchyDesign
        | T::ActivationMemory
        | T::MemoryPressureManagement => &[T::VramBudgeting],
        T::TensorArenaPlanning
        | T::DmaDataMovement
        | T::MemoryMappedInference
        | T::FlashAttention => &[T::MemoryHierarchyDesign],

        T::BatchingStrategies
        | T::TailLatency
        | T::RealTimeDeadlines
        | T::QueueingTheory
        | T::SpeculativeDecoding => &[T::LatencyDecomposition],

        T::MixedPrecisionTraining | T::ExtremeQuantization | T::PruningSparsity => {
            &[T::QuantizationFundamentals]
        }

        T::ThermalManagement | T::DutyCycling | T::DatacenterEfficiency => &[T::PowerBudgeting],
        T::SustainabilityCarbonAccounting => {
            &[T::ThermalManagement, T::DutyCycling, T::DatacenterEfficiency]
        }

        T::TransformerSystemsCost
        | T::CnnEfficientDesign
        | T::AttentionScaling
        | T::MixtureOfExperts
        | T::NeuralArchitectureSearch
        | T::EncoderDecoderTradeoffs
        | T::AutogradComputationalGraphs
        | T::RecommendationSystemsEngineering
        | T::KnowledgeDistillation
        | T::ModelAdaptationSystems => &[T::ModelSizeEstimation],

        T::GraphCompilation | T::OperatorScheduling => &[T::KernelFusion],

        T::ModelTensorParallelism
        | T::CommunicationComputationOverlap
        | T::SchedulingResourceManagement => &[T::DataParallelism],
        T::GradientSynchronization => &[T::DataParallelism, T::CollectiveCommunication],
        T::PipelineParallelism => &[T::ModelTensorParallelism],
        T::ThreedParallelism => &[T::PipelineParallelism],

        T::InterconnectTopology | T::RdmaTransport | T::LoadBalancing | T::CongestionControl => {
            &[T::NetworkBandwidthBottlenecks]
        }
        T::CollectiveCommunication => &[T::InterconnectTopology],

        T::DisaggregatedServing => &[T::BatchingStrategies, T::KvCacheManagement],
        T::MlopsLifecycle
        | T::OtaFirmwareUpdates
        | T::ContainerOrchestration
        | T::ModelFormatConversion
        | T::AbRolloutStrategies
        | T::CompoundAiSystems
        | T::SoftwarePortability => &[T::ModelServingInfrastructure],

        T::FaultToleranceCheckpointing
        | T::DistributionDriftDetection
        | T::GracefulDegradation
        | T::SafetyCertification
        | T::AdversarialRobustness => &[T::MonitoringObservability],

        T::FeatureStoreManagement
        | T::DataQualityValidation
        | T::DatasetCuration
        | T::StreamingIngestion
        | T::StorageFormatSelection
        | T::DataEfficiencySelection => &[T::DataPipelineEngineering],

        T::FederatedLearning
        | T::DifferentialPrivacy
        | T::FairnessEvaluation
        | T::ResponsibleAi => &[T::TcoCostModeling],
    }
}

/// Returns all topics before `topic`, nearest first, each once.
#[must_use]
pub fn ancestors(topic: Topic) -> Vec<Topic> {
    let mut out: Vec<Topic> = Vec::new();
    let mut front = vec![topic];
    while !front.is_empty() {
        let next: Vec<Topic> = front.iter().flat_map(|t| prerequisites(*t)).copied().collect();
        front.clear();
        for before in next {
            if before != topic && !out.contains(&before) {
                out.push(before);
                front.push(before);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_leads_back_to_an_entry_without_a_cycle() {
        let entries = Topic::ALL.iter().filter(|t| prerequisites(**t).is_empty()).count();
        assert_eq!(entries, 12);
        for topic in Topic::ALL {
            let before = ancestors(*topic);
            assert!(
                before.iter().all(|b| !ancestors(*b).contains(topic)),
                "{topic} is before itself"
            );
            assert!(before.is_empty() || before.iter().any(|b| prerequisites(*b).is_empty()));
        }
        assert_eq!(
            ancestors(Topic::ThreedParallelism),
            [Topic::PipelineParallelism, Topic::ModelTensorParallelism, Topic::DataParallelism]
        );
    }
}
