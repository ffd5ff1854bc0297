//! Administrative requests about access rules.

use super::admin::{Admin, AdminError, check, text};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// The value of a filter that matches everything.
const ANY: i8 = 1;

/// How long a broker has to learn of a change before it is asked again.
const LIST_AGAIN: Duration = Duration::from_millis(50);

/// One access rule, with the numbers of the protocol.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Acl {
    pub resource_type: i8,
    pub resource_name: String,
    pub pattern_type: i8,
    /// Such as `User:alice`.
    pub principal: String,
    pub host: String,
    pub operation: i8,
    pub permission: i8,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Admin<S> {
    /// All access rules, or those of one principal.
    ///
    /// # Errors
    /// If the broker refuses, which includes clusters without an authorizer, or does not answer.
    pub async fn acls(&mut self, principal: Option<&str>) -> Result<BTreeSet<Acl>, AdminError> {
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(ANY)
            .with_resource_name_filter(None)
            .with_pattern_type_filter(ANY)
            .with_principal_filter(principal.map(text))
            .with_host_filter(None)
            .with_operation(ANY)
            .with_permission_type(ANY);
        let answer = self.0.send(&request).await?;
        check("list ACLs", answer.error_code, answer.error_message.as_ref())?;
        let all = answer.resources.iter().flat_map(|resource| {
            resource.acls.iter().map(|acl| Acl {
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.to_string(),
                pattern_type: resource.pattern_type,
                principal: acl.principal.to_string(),
                host: acl.host.to_string(),
                operation: acl.operation,
                permission: acl.permission_type,
            })
        });
        Ok(all.collect())
    }

    /// Changes the rules of a principal until the broker lists exactly these. A broker learns of a rule a moment after the
    /// controller accepted it; one that does not know the last change yet would also not name what must go. False if it takes
    /// longer than `within`.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn set_acls(
        &mut self,
        principal: &str,
        desired: &BTreeSet<Acl>,
        within: Duration,
    ) -> Result<bool, AdminError> {
        let deadline = Instant::now() + within;
        loop {
            let found = self.acls(Some(principal)).await?;
            if found == *desired {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            self.create_acls(desired.difference(&found)).await?;
            self.delete_acls(found.difference(desired)).await?;
            tokio::time::sleep(LIST_AGAIN).await;
        }
    }

    /// Adds access rules.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn create_acls(&mut self, acls: impl IntoIterator<Item = &Acl>) -> Result<(), AdminError> {
        let creations: Vec<_> = acls
            .into_iter()
            .map(|acl| {
                AclCreation::default()
                    .with_resource_type(acl.resource_type)
                    .with_resource_name(text(&acl.resource_name))
                    .with_resource_pattern_type(acl.pattern_type)
                    .with_principal(text(&acl.principal))
                    .with_host(text(&acl.host))
                    .with_operation(acl.operation)
                    .with_permission_type(acl.permission)
            })
            .collect();
        if creations.is_empty() {
            return Ok(());
        }
        let answer = self.0.send(&CreateAclsRequest::default().with_creations(creations)).await?;
        answer
            .results
            .iter()
            .try_for_each(|result| check("create ACLs", result.error_code, result.error_message.as_ref()))
    }

    /// Removes access rules.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn delete_acls(&mut self, acls: impl IntoIterator<Item = &Acl>) -> Result<(), AdminError> {
        let filters: Vec<_> = acls
            .into_iter()
            .map(|acl| {
                DeleteAclsFilter::default()
                    .with_resource_type_filter(acl.resource_type)
                    .with_resource_name_filter(Some(text(&acl.resource_name)))
                    .with_pattern_type_filter(acl.pattern_type)
                    .with_principal_filter(Some(text(&acl.principal)))
                    .with_host_filter(Some(text(&acl.host)))
                    .with_operation(acl.operation)
                    .with_permission_type(acl.permission)
            })
            .collect();
        if filters.is_empty() {
            return Ok(());
        }
        let answer = self.0.send(&DeleteAclsRequest::default().with_filters(filters)).await?;
        for result in &answer.filter_results {
            check("delete ACLs", result.error_code, result.error_message.as_ref())?;
            // A valid filter may still match a rule that could not be deleted.
            for acl in &result.matching_acls {
                check("delete ACLs", acl.error_code, acl.error_message.as_ref())?;
            }
        }
        Ok(())
    }
}
